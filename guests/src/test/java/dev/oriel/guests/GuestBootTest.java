package dev.oriel.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Boots real guests on the Rust virtiofsd. Needs the parts x86_64, uml, peer and tools of the guest kit. */
@Tag("guest")
class GuestBootTest {
    private static final Duration PATIENCE = Duration.ofSeconds(45);

    private final GuestKit kit = GuestKit.locate();

    @TempDir
    private Path folder;

    private Path shared;
    private Path socket;

    @BeforeEach
    void makeShare() throws IOException {
        shared = Files.createDirectory(folder.resolve("shared"));
        socket = folder.resolve("socket");
        Files.writeString(shared.resolve("hello"), "from the host\n");
    }

    @ParameterizedTest
    @EnumSource(names = {"UML", "X86_64"})
    void aGuestMountsAShareAndRunsAScriptInIt(GuestKind kind) throws Exception {
        Guest guest = Guest.of(kit, kind).share(Share.of(socket, "myfs")).script("""
                        cat hello
                        read answer
                        echo "from the guest: $answer" >reply
                        """);

        try (PeerDaemon daemon = PeerDaemon.start(kit, shared, socket, "myfs");
                GuestRun run = guest.start()) {
            assertThat(run.awaitLine("^from the host$", PATIENCE)).isEqualTo("from the host");
            assertThat(daemon.isAlive()).isTrue();
            run.type("well read");
            run.await().orThrow();

            assertThat(shared.resolve("reply")).hasContent("from the guest: well read\n");
            assertThat(run.untilMounted()).isNotNull();
        }
    }

    @Test
    void aGuestUsesTheToolsOfTheKitOnAnotherShare() throws Exception {
        Path tools = folder.resolve("tools");
        Guest guest = Guest.of(kit, GuestKind.UML)
                .share(Share.of(socket, "myfs"))
                .share(Share.of(tools, "tools").at("/tools").withMountOptions("ro"))
                .script("""
                        set -e
                        tools python3 -c 'import ctypes, fcntl, sqlite3; print(open("hello").read().upper())' >shout
                        echo 'int main(void) { return 42; }' >answer.c
                        tools tcc -o answer answer.c
                        status=0; tools ./answer || status=$?
                        [ $status = 42 ]
                        """);

        try (PeerDaemon own = PeerDaemon.start(kit, shared, socket, "myfs");
                PeerDaemon other = PeerDaemon.start(kit, kit.tools(), tools, "tools", "--readonly");
                GuestRun run = guest.start()) {
            assertThat(own.socket()).isNotEqualTo(other.socket());
            run.await().orThrow();
        }
        assertThat(shared.resolve("shout")).content().startsWith("FROM THE HOST");
    }

    @Test
    void aScriptThatFailsIsNamedAsTheProblem() throws Exception {
        try (GuestRun run = Guest.of(kit, GuestKind.UML)
                .script("echo as it was told; exit 3")
                .start()) {
            GuestOutcome outcome = run.await();

            assertThat(outcome.isSuccess()).isFalse();
            assertThat(outcome.problem()).contains("ended with status 3", "as it was told");
            assertThatThrownBy(outcome::orThrow).isInstanceOf(GuestException.class);
        }
    }

    @Test
    void aGuestThatCannotMountItsShareRunsNoScript() throws Exception {
        Guest guest =
                Guest.of(kit, GuestKind.UML).share(Share.of(socket, "otherfs")).script("touch /mnt/mark");

        try (PeerDaemon daemon = PeerDaemon.start(kit, shared, socket, "myfs");
                GuestRun run = guest.start()) {
            assertThat(daemon.isAlive()).isTrue();
            assertThat(run.await().problem()).startsWith("the guest mounted 0 of 1 shares");
        }
        assertThat(shared.resolve("mark")).doesNotExist();
    }

    @Test
    void aGuestThatOverstaysIsStopped() throws Exception {
        try (GuestRun run = Guest.of(kit, GuestKind.UML)
                .limit(Duration.ofSeconds(3))
                .script("sleep 1000")
                .start()) {
            assertThat(run.await().problem()).startsWith("the guest was stopped after 3 s");
            assertThat(run.isAlive()).isFalse();
        }
    }

    @Test
    void aMissingSocketIsSaidBeforeAnythingStarts() {
        assertThatThrownBy(() -> Guest.of(kit, GuestKind.UML)
                        .share(Share.of(socket, "myfs"))
                        .start())
                .isInstanceOf(GuestException.class)
                .hasMessageContaining("no socket at " + socket);
    }
}

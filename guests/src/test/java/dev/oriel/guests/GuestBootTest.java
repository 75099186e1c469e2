package dev.oriel.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Boots real guests on the Rust virtiofsd. Needs the parts x86_64, uml and peer of the guest kit. */
class GuestBootTest {
    private final GuestKit kit = GuestKit.locate();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"UML", "X86_64"})
    void aGuestMountsAShareAndRunsAScriptInIt(GuestKind kind) throws Exception {
        Path shared = Files.createDirectory(folder.resolve("shared"));
        Files.writeString(shared.resolve("hello"), "from the host\n");
        Path socket = folder.resolve("socket");
        Guest guest = Guest.of(kit, kind)
                .share(Share.of(socket, "myfs"))
                .limit(Duration.ofSeconds(50))
                .script("""
                        cat hello
                        read answer
                        echo "from the guest: $answer" >reply
                        """);

        try (PeerDaemon daemon = PeerDaemon.start(kit, shared, socket, "myfs");
                GuestRun run = guest.start()) {
            assertThat(run.awaitLine("^from the host$", Duration.ofSeconds(45))).isEqualTo("from the host");
            run.type("well read");
            run.await().orThrow();

            assertThat(shared.resolve("reply")).hasContent("from the guest: well read\n");
            assertThat(run.untilMounted()).isNotNull();
            assertThat(daemon.socket()).isEqualTo(socket);
        }
    }
}

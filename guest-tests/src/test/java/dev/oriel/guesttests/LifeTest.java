package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests come and go, one after another and several at once, well and badly; the server stays as on the first day. */
@Tag("guest")
class LifeTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Leaves much behind: open files, locks, unlinked files, a blocked lock. */
    private static final String BUSY = """
            exec 3>held 4>locked
            tools flock 4
            (tools flock locked sleep 1) &
            rm held
            i=0
            while [ $i -lt 200 ]; do echo $i >file$i; i=$((i + 1)); done
            echo BUSY
            sleep 1000
            """;

    @Test
    void aGuestThatIsKilledLeavesNothingBehind() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--xattr", "--posix-lock", "--flock"))) {
            int descriptors = shared.server().settledDescriptors(0);
            int mebibytes = 0;
            for (int round = 0; round < 4; round++) {
                try (GuestRun run =
                        shared.guest(GuestKind.UML, share -> share, BUSY).start()) {
                    run.awaitLine("^BUSY", PATIENCE);
                }
                assertThat(shared.server().settledDescriptors(descriptors))
                        .as("descriptors after a guest was killed")
                        .isEqualTo(descriptors);
                if (round == 0) {
                    mebibytes = shared.server().ownMebibytes();
                }
            }
            assertThat(shared.server().ownMebibytes()).isLessThan(mebibytes + 32);
            List<String> lines =
                    shared.run(GuestKind.UML, "tools flock -n locked echo LOCK IS FREE\nls -1 file1 file199\n");
            assertThat(lines).contains("LOCK IS FREE", "file1", "file199");
            assertThat(shared.server().settledDescriptors(descriptors)).isEqualTo(descriptors);
            shared.server().stop();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"X86_64", "S390X"})
    void aVirtualMachineThatIsKilledAndComesBackIsServed(GuestKind kind) throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--posix-lock", "--flock"))) {
            int descriptors = shared.server().settledDescriptors(0);
            for (int round = 0; round < 2; round++) {
                try (GuestRun run = shared.guest(kind, share -> share, BUSY).start()) {
                    run.awaitLine("^BUSY", PATIENCE);
                }
                assertThat(shared.server().settledDescriptors(descriptors)).isEqualTo(descriptors);
            }
            shared.server().stop();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"X86_64", "S390X"})
    void aGuestRebootsAndMountsAgain(GuestKind kind) throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--posix-acl", "--flock"))) {
            Guest guest = shared.guest(kind, share -> share, """
                            if [ ! -e booted ]; then
                                echo first >booted
                                exec 5>open
                                tools flock 5
                                sync
                                reboot -f
                            fi
                            tools flock -n open echo AGAIN $(cat booted)
                            """).allowReboot();
            assertThat(shared.run(guest)).contains("AGAIN first");
            shared.server().stop();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"UML", "S390X"})
    void aGuestMountsAgainWithOtherOptions(GuestKind kind) throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--xattr"))) {
            List<String> lines = shared.run(shared.guest(kind, share -> share.at(""), """
                    mount -t virtiofs share /mnt && echo content >/mnt/file
                    for options in ro,nosuid rw noatime,nodev ro; do
                        umount /mnt && mount -t virtiofs -o $options share /mnt || echo MOUNT FAILED
                        echo $options: $(cat /mnt/file)
                        (echo more >/mnt/new) 2>/dev/null && echo $options: written
                    done
                    mkdir /second && mount -t virtiofs share /second && cat /second/new
                    umount /second && umount /mnt
                    """));
            assertThat(lines)
                    .contains(
                            "ro,nosuid: content",
                            "rw: content",
                            "rw: written",
                            "noatime,nodev: written",
                            "ro: content",
                            "more")
                    .doesNotContain("ro: written", "ro,nosuid: written", "MOUNT FAILED");
            shared.server().stop();
        }
    }

    /** Each has a session of its own; what one locks the others wait for. */
    @Test
    void severalGuestsShareAFolderAtOnce() throws Exception {
        int guests = 3;
        int steps = 60;
        String script = """
                cat >/tmp/count.sh <<'END'
                i=0
                while [ $i -lt %d ]; do
                    flock lock sh -c 'n=$(cat counter); printf %%06d $((1$n - 1000000 + 1)) >counter' || exit
                    i=$((i + 1))
                done
                END
                tools sh /tmp/count.sh
                """.formatted(steps);
        try (SharedFolder shared = SharedFolder.serve(List.of("--cache", "never", "--flock"))) {
            Files.writeString(shared.folder().resolve("counter"), "000000");
            Files.createFile(shared.folder().resolve("lock"));
            List<GuestRun> runs = new ArrayList<>();
            for (int i = 0; i < guests; i++) {
                runs.add(shared.start(
                        shared.guest(GuestKind.UML, share -> share, script).memory(256)));
            }
            for (GuestRun run : runs) {
                run.await().orThrow();
            }
            assertThat(Files.readString(shared.folder().resolve("counter")))
                    .isEqualTo("%06d".formatted(guests * steps));
            shared.server().stop();
        }
    }
}

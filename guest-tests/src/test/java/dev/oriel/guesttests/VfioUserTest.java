package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The server as a whole PCI device of QEMU: everything does what it does over vhost-user, and the machine outlives its
 * ends.
 */
@Tag("guest")
class VfioUserTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final List<String> WINDOW = List.of("--dax", "--dax-window=64M");

    @TestFactory
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() throws IOException, InterruptedException {
        OperationCases cases = OperationCases.proveOnALocalFolder();
        OptionSet window = OptionSet.of("vfio-user, window", "--dax --dax-window=64M --xattr", "xattr", "mmap", "slow")
                .throughTheWindow();
        OptionSet everything = OptionSet.of(
                "vfio-user",
                "--posix-acl --killpriv-v2 --request-queues=4",
                "xattr",
                "acl",
                "mmap",
                "killpriv",
                "slow");
        return Soak.with(
                Stream.of(cases.in(
                        GuestKind.X86_64,
                        window,
                        share -> share.withMountOptions("dax=always"),
                        () -> SharedFolder.serveOverVfioUser(window.options()))),
                Stream.of(cases.in(
                        GuestKind.X86_64,
                        everything,
                        share -> share,
                        () -> SharedFolder.serveOverVfioUser(everything.options()))));
    }

    @Test
    void aGuestRebootsAndMountsAgain() throws Exception {
        try (SharedFolder shared = SharedFolder.serveOverVfioUser(WINDOW)) {
            Guest guest = shared.bareGuest(GuestKind.X86_64, """
                if [ ! -e booted ]; then
                    echo first >booted
                    exec 5>open
                    rm open
                    sync
                    reboot -f
                fi
                echo AGAIN $(cat booted)
                """).allowReboot();
            assertThat(shared.run(guest)).contains("AGAIN first");
            shared.server().stop();
        }
    }

    private static String md5(Path file) throws IOException, NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(Files.readAllBytes(file)));
    }

    /** What was stored into the window is in the file when the driver has let go of the device. */
    @Test
    void aDriverIsTakenAwayAndComesBack() throws Exception {
        try (SharedFolder shared = SharedFolder.serveOverVfioUser(WINDOW)) {
            Guest guest = Guest.of(SharedFolder.KIT, GuestKind.X86_64)
                    .share(shared.share().withMountOptions("dax=always").at(""))
                    .limit(PATIENCE)
                    .script("""
                        cd /sys/bus/virtio/drivers/virtiofs
                        device=$(basename virtio*)
                        for round in 1 2 3; do
                            mount -t virtiofs -o dax=always share /mnt
                            yes $round | tr -d '\\n' | head -c 3145728 >/mnt/round$round
                            umount /mnt
                            echo $device >unbind
                            echo $device >bind
                        done
                        mount -t virtiofs -o dax=always share /mnt
                        for round in 1 2 3; do echo ROUND $(md5sum </mnt/round$round | cut -c1-32); done
                        umount /mnt
                        """);
            List<String> lines = shared.run(guest);
            for (int round = 1; round <= 3; round++) {
                Path file = shared.folder().resolve("round" + round);
                assertThat(Files.readString(file))
                        .isEqualTo(Integer.toString(round).repeat(3 << 20));
                assertThat(lines).contains("ROUND " + md5(file));
            }
            shared.server().stop();
        }
    }

    @Test
    void aServerThatStopsLeavesTheMachineAlive() throws Exception {
        try (SharedFolder shared = SharedFolder.serveOverVfioUser(WINDOW)) {
            GuestRun run = shared.start(shared.bareGuest(GuestKind.X86_64, """
                cd /
                (i=0; while true; do i=$((i + 1)); echo $i >/mnt/counter; done) &
                echo READY
                i=0; while true; do i=$((i + 1)); echo ALIVE $i; sleep 0.2; done
                """));
            run.awaitLine("^READY", PATIENCE);
            run.awaitLine("^ALIVE 5$", PATIENCE);
            shared.server().stop();
            long alive = run.lines().stream()
                    .filter(line -> line.startsWith("ALIVE "))
                    .count();
            run.awaitLine("^ALIVE " + (alive + 5) + "$", PATIENCE);
            assertThat(run.isAlive()).isTrue();
            assertThat(run.messages()).noneMatch(line -> line.contains("Assertion"));
        }
    }

    @Test
    void aMachineThatIsKilledLeavesNothingBehind() throws Exception {
        try (SharedFolder shared = SharedFolder.serveOverVfioUser(WINDOW)) {
            int descriptors = shared.server().settledDescriptors(0);
            for (int round = 0; round < 2; round++) {
                try (GuestRun run = shared.bareGuest(GuestKind.X86_64, """
                    exec 3>held
                    rm held
                    echo stored >stored
                    echo BUSY
                    sleep 1000
                    """).start()) {
                    run.awaitLine("^BUSY", PATIENCE);
                }
                assertThat(shared.server().settledDescriptors(descriptors)).isEqualTo(descriptors);
                assertThat(shared.folder().resolve("stored")).hasContent("stored\n");
            }
            shared.server().stop();
        }
    }

    /** With the file's own pages in its window, the machine would be gone. */
    @Test
    void aFileThatTheHostTruncatesDoesNotHurtTheMachine() throws Exception {
        byte[] content = new byte[4 << 20];
        new Random(1).nextBytes(content);
        try (SharedFolder shared =
                SharedFolder.serveOverVfioUser(List.of("--dax", "--dax-window=64M", "--cache=never"))) {
            Path file = Files.write(shared.folder().resolve("file"), content);
            GuestRun run = shared.start(Guest.of(SharedFolder.KIT, GuestKind.X86_64)
                    .share(shared.share().withMountOptions("dax=always"))
                    .limit(PATIENCE)
                    .script("""
                        md5sum <file
                        exec 3<file
                        echo MAPPED
                        read go
                        md5sum <&3 >/dev/null
                        echo READ
                        md5sum <file | sed 's/^/AGAIN /'
                        """));
            run.awaitLine("^MAPPED", PATIENCE);
            try (RandomAccessFile host = new RandomAccessFile(file.toFile(), "rw")) {
                host.setLength(100_000);
            }
            run.type("go");
            run.awaitLine("^READ", PATIENCE);
            run.await().orThrow();
            String again = "AGAIN " + md5(file);
            assertThat(run.lines()).anyMatch(line -> line.startsWith(again));
            shared.server().stop();
        }
    }
}

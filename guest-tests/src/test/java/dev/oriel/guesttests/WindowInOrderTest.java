package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A guest reads a file in order that is larger than its window, in whatever way it is shown. */
@Tag("guest")
class WindowInOrderTest {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int RANGE = 2 << 20;
    private static final int RANGES = 24;
    private static final int RANGES_RESET = 12;

    @Test
    void aFileInOrderIsWhatTheHostHas() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--dax", "--dax-window=16M"))) {
            byte[] content = new byte[RANGES * RANGE - 1234];
            new Random(21).nextBytes(content);
            Path file = Files.write(shared.work().resolve("file"), content);
            GuestRun run = shared.start(Window.guest(shared, GuestProgram.run("window_in_order", "/mnt/work/file")));
            String first = sum(content);
            assertThat(run.awaitLine("^FIRST mapped", PATIENCE)).endsWith(first);
            assertThat(run.awaitLine("^FIRST read", PATIENCE)).endsWith(first);
            try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
                for (int at = 100; at < content.length; at += RANGE) {
                    out.seek(at);
                    out.write(++content[at]);
                }
            }
            run.type("");
            String again = sum(content);
            assertThat(run.awaitLine("^AGAIN mapped", PATIENCE)).endsWith(again);
            assertThat(run.awaitLine("^AGAIN read", PATIENCE)).endsWith(again);
            run.await().orThrow();
            shared.server().stop();
        }
    }

    /**
     * The virtual machine has nothing mapped any more when the guest has unmounted: QEMU dies at the start of a device
     * that was reset with mappings.
     */
    @ParameterizedTest
    @MethodSource
    void aFileInOrderIsTheSameAfterEachMountResetAndReboot(Window window) throws Exception {
        try (SharedFolder shared = window.serve("--dax-window=16M")) {
            assertSameAfterEachReset(shared);
        }
    }

    private static Stream<Window> aFileInOrderIsTheSameAfterEachMountResetAndReboot() {
        return Soak.with(Stream.of(Window.STAGED), Stream.of(Window.DIRECT, Window.VFIO_USER));
    }

    /** Pages are mapped, and copied where that is quicker. */
    @Test
    void aFileInOrderIsTheSameAfterEachMountResetAndRebootWhereTheServerChooses() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--dax", "--dax-window=16M"))) {
            assertSameAfterEachReset(shared);
        }
    }

    private static void assertSameAfterEachReset(SharedFolder shared) throws Exception {
        byte[] content = new byte[RANGES_RESET * RANGE];
        new Random(22).nextBytes(content);
        Files.write(shared.work().resolve("file"), content);
        Guest guest = Guest.of(SharedFolder.KIT, GuestKind.X86_64)
                .share(Window.always(shared.share()).at(""))
                .limit(PATIENCE)
                .allowReboot()
                .script("""
                    cd /sys/bus/virtio/drivers/virtiofs
                    device=$(basename virtio*)
                    for round in 1 2 3 4; do
                        mount -t virtiofs -o dax=always share /mnt
                        echo SUM $(sha256sum </mnt/work/file | cut -c1-64)
                        umount /mnt
                        if [ $round = 2 ]; then
                            echo $device >unbind
                            echo $device >bind
                        fi
                    done
                    mount -t virtiofs -o dax=always share /mnt
                    if [ ! -e /mnt/booted ]; then
                        touch /mnt/booted
                        umount /mnt
                        reboot -f
                    fi
                    """);
        List<String> sums = shared.run(guest).stream()
                .filter(line -> line.startsWith("SUM "))
                .toList();
        assertThat(sums).hasSize(8).containsOnly("SUM " + sum(content));
        shared.server().stop();
    }

    private static String sum(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }
}

package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestRun;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sizes, times and blocks that a guest is told are true of what it sees in the window, whatever the host does beside
 * it.
 */
@Tag("guest")
class WindowTruthTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final FileTime LONG_AGO = FileTime.from(Instant.ofEpochSecond(1_000_000_000));

    @ParameterizedTest
    @EnumSource
    void aGuestIsToldWhatIsTrueOfItsFiles(Window window) throws Exception {
        try (SharedFolder shared = window.serve()) {
            Path log = shared.work().resolve("log");
            Files.writeString(log, "l".repeat(600_000));
            Path dated = shared.work().resolve("dated");
            Files.writeString(dated, "o".repeat(5000));
            Files.setLastModifiedTime(dated, LONG_AGO);
            try (RandomAccessFile sparse =
                    new RandomAccessFile(shared.work().resolve("sparse").toFile(), "rw")) {
                sparse.setLength((2 << 20) + 100);
            }
            Path times = shared.work().resolve("times");
            Files.writeString(times, "t".repeat(5000));
            GuestRun run = shared.start(Window.guest(
                    shared,
                    GuestProgram.run("window_truth", "blocks /mnt/work/sparse")
                            + GuestProgram.run("window_truth", "times /mnt/work/times")
                            + GuestProgram.run("window_truth", "dated /mnt/work/dated")
                            + GuestProgram.run("window_truth", "log /mnt/work/log")));
            run.awaitLine("^READ b'ooooo'", PATIENCE);
            try (FileChannel channel = FileChannel.open(dated, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap("n".repeat(5000).getBytes(US_ASCII)), 0);
            }
            Files.setLastModifiedTime(dated, LONG_AGO);
            run.type("");
            run.awaitLine("^AGAIN", PATIENCE);
            run.awaitLine("^READ$", PATIENCE);
            Files.writeString(log, "appended by the host", StandardOpenOption.APPEND);
            run.await().orThrow();
            assertThat(run.lines())
                    .contains(
                            "BLOCKS False True",
                            "DATED 1000000000",
                            "AGAIN b'nnnnn' b'nnnnn'",
                            "GREW b'appended by the host'");
            assertThat(Files.getLastModifiedTime(times)).isEqualTo(LONG_AGO);
            assertThat(Files.readString(times).substring(98, 108)).isEqualTo("ttstoredtt");
            shared.server().stop();
        }
    }
}

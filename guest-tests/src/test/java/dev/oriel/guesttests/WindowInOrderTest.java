package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestRun;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A guest reads a file in order that is larger than its window, which chooses by itself between pages and copies. */
@Tag("guest")
class WindowInOrderTest {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Pattern MAPPED = Pattern.compile("SHMEM_MAP of ([0-9]+) bytes");
    private static final int RANGE = 2 << 20;
    private static final int RANGES = 24;

    @Test
    void aFileInOrderIsWhatTheHostHas() throws Exception {
        try (SharedFolder shared = SharedFolder.serve(List.of("--dax", "--dax-window=16M", "--log-level=trace"))) {
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
            assertThat(mappings(shared.server().log()))
                    .as("a mapping of copies, with places for what is read next")
                    .anyMatch(length -> length > RANGE);
        }
    }

    private static List<Integer> mappings(String log) {
        return MAPPED.matcher(log)
                .results()
                .map(mapped -> Integer.valueOf(mapped.group(1)))
                .toList();
    }

    private static String sum(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }
}

package dev.oriel.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Whether a range of a file that the driver pinned is as quick as the same file mapped on the host. */
public final class DaxDriverBenchmark {
    private static final int FILE_MEBIBYTES = 256;
    private static final int PAGE = 4096;
    private static final int CHUNK = 1 << 20;
    private static final long WARM_UP_NANOS = 700_000_000;
    private static final long NANOS = 1_000_000_000;
    private static final int BATCH = 1000;

    private final Subject window;

    /** @param window has a DAX window that holds the file */
    public DaxDriverBenchmark(Subject window) {
        this.window = window;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path shared = work.folder("share");
            Path file = shared.resolve("data");
            RandomFile.make(file, FILE_MEBIBYTES);
            return Comparison.named("dax driver")
                    .condition(
                            "one thread reads a file of " + FILE_MEBIBYTES + " MiB on tmpfs, all of it mapped before")
                    .condition("warm-up: " + WARM_UP_NANOS / 1_000_000 + " ms before each row of " + NANOS / 1_000_000
                            + " ms")
                    .rounds(rounds)
                    .progress(progress)
                    .subject("a pinned range", rows -> pinned(work, shared, rows))
                    .subject("mmap on the host", rows -> mapped(file, rows))
                    .run();
        }
    }

    private void pinned(WorkFolder work, Path shared, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        try (Daemon daemon = window.start(shared, state, "bench", List.of());
                FuseClient client = FuseClient.connect(daemon.socket())) {
            DaxDevice dax = client.dax().orElseThrow(() -> new IOException("the server has no DAX window"));
            long node = client.lookup(FuseClient.ROOT, "data".getBytes(UTF_8)).nodeid();
            try (DaxDevice.Pin pin = dax.map(node, 0, (long) FILE_MEBIBYTES << 20, false)) {
                measure(pin.segment(), rows);
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    private static void mapped(Path file, Consumer<Measurement> rows) throws IOException {
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file)) {
            measure(channel.map(MapMode.READ_ONLY, 0, channel.size(), arena), rows);
        }
    }

    private static void measure(MemorySegment memory, Consumer<Measurement> rows) {
        byte[] target = new byte[CHUNK];
        for (long at = 0; at < memory.byteSize(); at += PAGE) {
            target[0] += memory.get(ValueLayout.JAVA_BYTE, at);
        }
        SplittableRandom random = new SplittableRandom(20_190_722); // the same places for all
        rows.accept(rate("4 KiB at random, copied", () -> copies(memory, target, random)));
        rows.accept(rate("8 bytes at random", () -> loads(memory, target, random)));
        rows.accept(rate("1 MiB in order, copied", () -> chunks(memory, target)));
    }

    /** Does some reads and says how many. */
    private interface Reads {
        long run();
    }

    private static Measurement rate(String name, Reads reads) {
        run(reads, WARM_UP_NANOS);
        return Measurement.of(Row.rate(name, "/s"), run(reads, NANOS));
    }

    private static double run(Reads reads, long nanos) {
        long began = System.nanoTime();
        long done = 0;
        long now = began;
        while (now - began < nanos) {
            done += reads.run();
            now = System.nanoTime();
        }
        return done * 1e9 / (now - began);
    }

    private static long copies(MemorySegment memory, byte[] target, SplittableRandom random) {
        long pages = memory.byteSize() / PAGE;
        for (int i = 0; i < BATCH; i++) {
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, random.nextLong(pages) * PAGE, target, 0, PAGE);
        }
        return BATCH;
    }

    private static long loads(MemorySegment memory, byte[] target, SplittableRandom random) {
        long words = memory.byteSize() / Long.BYTES;
        long sum = 0;
        for (int i = 0; i < BATCH; i++) {
            sum += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, random.nextLong(words) * Long.BYTES);
        }
        target[0] = (byte) sum; // so that the loads are of use
        return BATCH;
    }

    private static long chunks(MemorySegment memory, byte[] target) {
        long count = memory.byteSize() / CHUNK;
        for (long i = 0; i < count; i++) {
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, i * CHUNK, target, 0, CHUNK);
        }
        return count;
    }
}

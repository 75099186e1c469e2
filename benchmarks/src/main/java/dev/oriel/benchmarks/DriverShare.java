package dev.oriel.benchmarks;

import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.nio.VirtioFileSystemProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The rows of {@link ShareBenchmark} through the driver, as a program does them: one request at a time. */
final class DriverShare {
    private static final int PIECE = 1 << 20;
    private static final int SMALL = 4096;
    private static final long WARM_UP_MILLIS = 500;
    private static final long MILLIS = 1500;
    private static final String WRITTEN = "by-driver";
    private static final FuseClientOptions PATIENT = FuseClientOptions.DEFAULTS.withTimeLimit(Duration.ofMinutes(4));

    private final Daemon daemon;
    private final Consumer<Measurement> rows;

    DriverShare(Daemon daemon, Consumer<Measurement> rows) {
        this.daemon = daemon;
        this.rows = rows;
    }

    void run() throws IOException {
        Map<String, ?> options = Map.of(VirtioFileSystemProvider.OPTIONS, PATIENT);
        try (FileSystem mounted = FileSystems.newFileSystem(daemon.socket(), options)) {
            Path root = mounted.getPath("/");
            Files.deleteIfExists(root.resolve(WRITTEN));
            timed(ShareRow.WRITE, () -> write(root.resolve(WRITTEN)));
            timed(ShareRow.READ, () -> read(root.resolve(WRITTEN)));
            randomReads(root.resolve(ShareBenchmark.CACHED));
            timed(ShareRow.LIST, () -> list(root.resolve(ShareBenchmark.LISTED)));
        }
    }

    private interface Operation {
        void perform() throws IOException;
    }

    private void timed(ShareRow row, Operation operation) throws IOException {
        Work work = Work.begin(daemon);
        long start = System.nanoTime();
        operation.perform();
        double seconds = (System.nanoTime() - start) / 1e9;
        rows.accept(work.end(row.byDriver(), row.operations() / seconds, row.operations()));
    }

    private static void write(Path file) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int i = 0; i < ShareBenchmark.MEBIBYTES; i++) {
                piece.clear();
                while (piece.hasRemaining()) {
                    channel.write(piece);
                }
            }
        }
    }

    private static void read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            readAll(channel, ShareBenchmark.MEBIBYTES);
        }
    }

    private static void readAll(FileChannel channel, int mebibytes) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        long all = 0;
        for (int count = channel.read(piece); count >= 0; count = channel.read(piece)) {
            all += count;
            piece.clear();
        }
        if (all != (long) mebibytes << 20) {
            throw new IOException("a file of " + mebibytes + " MiB has " + all + " bytes");
        }
    }

    private void randomReads(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            readAll(channel, ShareBenchmark.CACHED_MEBIBYTES);
            randomReads(channel, WARM_UP_MILLIS);
            Work work = Work.begin(daemon);
            long start = System.nanoTime();
            long done = randomReads(channel, MILLIS);
            double seconds = (System.nanoTime() - start) / 1e9;
            rows.accept(work.end(ShareRow.RANDREAD.byDriver(), done / seconds, done));
        }
    }

    private static long randomReads(FileChannel channel, long millis) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        ByteBuffer small = ByteBuffer.allocateDirect(SMALL);
        long end = System.nanoTime() + millis * 1_000_000;
        long done = 0;
        while (System.nanoTime() - end < 0) {
            small.clear();
            int count = channel.read(small, (long) random.nextInt(ShareBenchmark.CACHED_MEBIBYTES << 8) * SMALL);
            if (count != SMALL) {
                throw new IOException("a read of 4 KiB got " + count + " bytes");
            }
            done++;
        }
        return done;
    }

    private static void list(Path folder) throws IOException {
        try (Stream<Path> names = Files.list(folder)) {
            long count = names.count();
            if (count != ShareBenchmark.NAMES) {
                throw new IOException(ShareBenchmark.NAMES + " names are told as " + count);
            }
        }
    }
}

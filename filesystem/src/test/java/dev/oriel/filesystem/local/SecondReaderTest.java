package dev.oriel.filesystem.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Long reads that two threads do together. */
@Timeout(120)
class SecondReaderTest {
    private static final int LARGE = (1 << 20) + 4711;
    private static final int REPEATS = 200;
    private static final long PIECE = SecondReader.WORTHWHILE / 4;

    @TempDir
    Path directory;

    private final Arena arena = Arena.ofShared();
    private final byte[] content = new byte[LARGE];
    private Client client;
    private long node;
    private long fh;

    @BeforeEach
    void mount() throws IOException {
        new Random(1).nextBytes(content);
        Files.write(directory.resolve("large"), content);
        client = Client.of(directory);
        node = client.walk("large");
        assertThat(client.open(node, OpenFlags.O_RDONLY)).isZero();
        fh = client.opened.fh;
    }

    @AfterEach
    void unmount() {
        client.close();
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {SecondReader.WORTHWHILE, SecondReader.WORTHWHILE + 1, LARGE})
    void aLongReadIsWholeWhoeverDoesItsPieces(long bytes) {
        MemorySegment memory = arena.allocate(bytes);
        MemorySegment expected = MemorySegment.ofArray(content).asSlice(0, bytes);
        IoVector vector = scattered(memory);
        long before = processorTime();
        do {
            memory.fill((byte) 0);
            assertThat(read(0, vector)).isEqualTo(bytes);
            assertThat(memory.mismatch(expected)).isEqualTo(-1);
        } while (processorTime() == before);
    }

    @Test
    void aFileThatEndsWithinIsReadUpToItsEnd() throws IOException {
        MemorySegment memory = arena.allocate(LARGE);
        IoVector vector = scattered(memory);
        for (int i = 0; i < REPEATS; i++) {
            int size = (int) ((long) LARGE * i / REPEATS);
            try (RandomAccessFile file =
                    new RandomAccessFile(directory.resolve("large").toFile(), "rw")) {
                file.setLength(0);
                file.write(content, 0, size);
            }
            memory.fill((byte) 0);
            assertThat(read(0, vector)).isEqualTo(size);
            assertThat(memory.asSlice(0, size)
                            .mismatch(MemorySegment.ofArray(content).asSlice(0, size)))
                    .isEqualTo(-1);
        }
    }

    @Test
    void whoReadsFromWithinTheFileGetsWhatIsThere() {
        MemorySegment memory = arena.allocate(LARGE);
        IoVector vector = scattered(memory);
        assertThat(read(4097, vector)).isEqualTo(LARGE - 4097);
        assertThat(memory.asSlice(0, LARGE - 4097)
                        .mismatch(MemorySegment.ofArray(content).asSlice(4097)))
                .isEqualTo(-1);
        assertThat(read(LARGE, vector)).isZero();
    }

    @Test
    void readersAtTheSameTimeGetEachItsOwn() throws ExecutionException, InterruptedException {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Long>> ends = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                long offset = thread * 12_345L;
                ends.add(threads.submit(() -> mismatches(offset)));
            }
            for (Future<Long> end : ends) {
                assertThat(end.get()).isZero();
            }
        }
    }

    private long mismatches(long offset) {
        MemorySegment memory = arena.allocate(LARGE);
        IoVector vector = scattered(memory);
        MemorySegment expected = MemorySegment.ofArray(content).asSlice(offset);
        long wrong = 0;
        for (int i = 0; i < REPEATS; i++) {
            memory.fill((byte) 0);
            boolean whole = read(offset, vector) == expected.byteSize();
            wrong += whole && memory.asSlice(0, expected.byteSize()).mismatch(expected) < 0 ? 0 : 1;
        }
        return wrong;
    }

    @Test
    void itsThreadEndsWithTheFileSystem() throws IOException, InterruptedException {
        List<Thread> before = threads();
        Client other = Client.of(directory);
        List<Thread> during = threads();
        during.removeAll(before);
        assertThat(during).hasSize(1);
        other.close();
        during.getFirst().join();
    }

    private long read(long offset, IoVector vector) {
        Caller caller = Caller.root().onQueueThread().withHelp();
        return client.session.read(caller, node, fh, offset, 0, vector);
    }

    /** The memory in pieces of several sizes, as a guest gives it. */
    private static IoVector scattered(MemorySegment memory) {
        IoVector vector = new IoVector(256);
        long at = 0;
        for (int i = 0; at < memory.byteSize(); i++) {
            long bytes = Math.min(memory.byteSize() - at, 4096L * (1 + i % 5));
            assertThat(vector.add(memory.address() + at, bytes)).isTrue();
            at += bytes;
        }
        return vector;
    }

    private static List<Thread> threads() {
        List<Thread> found = new ArrayList<>(Thread.getAllStackTraces().keySet());
        found.removeIf(thread -> !thread.getName().equals(SecondReader.NAME));
        return found;
    }

    /** What such threads have used, in nanoseconds. */
    private static long processorTime() {
        return threads().stream()
                .mapToLong(thread ->
                        Math.max(0, ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId())))
                .sum();
    }

    /** What it has not read is missing, and is read by whoever asked. */
    @Test
    void aHelperThatDiesInAPieceHoldsNobodyUp() {
        AtomicInteger failures = new AtomicInteger();
        Thread reader = Thread.currentThread();
        try (SecondReader second =
                new SecondReader(Thread.ofPlatform().daemon().factory(), (descriptor, vector, count, offset, flags) -> {
                    if (!Thread.currentThread().equals(reader)) {
                        failures.incrementAndGet();
                        throw new OutOfMemoryError("as the JVM says it");
                    }
                    // until the other has come
                    while (failures.get() == 0) {
                        Thread.onSpinWait();
                    }
                    return PIECE;
                })) {
            IoVector vector = new IoVector(1);
            vector.add(arena.allocate(4 * PIECE).address(), 4 * PIECE);
            assertThat(second.read(0, 0, 0, vector, new IoVector(1))).isLessThan(4 * PIECE);
            assertThat(failures).hasValue(1);
        }
    }

    @Test
    void aReaderThatFailsInAPieceLeavesTheHelperFree() {
        Thread reader = Thread.currentThread();
        AtomicBoolean failed = new AtomicBoolean();
        try (SecondReader second =
                new SecondReader(Thread.ofPlatform().daemon().factory(), (descriptor, vector, count, offset, flags) -> {
                    if (Thread.currentThread().equals(reader) && failed.compareAndSet(false, true)) {
                        throw new InternalError("an access some statements before");
                    }
                    // or it would do all of them
                    while (!failed.get()) {
                        Thread.onSpinWait();
                    }
                    return PIECE;
                })) {
            IoVector vector = new IoVector(1);
            vector.add(arena.allocate(4 * PIECE).address(), 4 * PIECE);
            assertThatThrownBy(() -> second.read(0, 0, 0, vector, new IoVector(1)))
                    .isInstanceOf(InternalError.class);
            assertThat(second.read(0, 0, 0, vector, new IoVector(1))).isEqualTo(4 * PIECE);
        }
    }

    @Test
    void withoutAThreadForItReadsAreDoneByOneThread() {
        try (SecondReader second = new SecondReader(
                work -> new Thread(work) {
                    @Override
                    public void start() {
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                },
                (descriptor, vector, count, offset, flags) -> PIECE)) {
            IoVector vector = new IoVector(1);
            vector.add(arena.allocate(4 * PIECE).address(), 4 * PIECE);
            assertThat(second.read(0, 0, 0, vector, new IoVector(1))).isZero();
        }
    }
}

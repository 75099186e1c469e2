package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.NO_HANDLE;
import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.oriel.filesystem.Name;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients ask most costs no garbage. */
class AllocationTest {
    private static final int ROUNDS = 10_000;
    private static final int MOST_RUNS = 100;
    private static final int LONG = 1 << 20;
    private static final int LONG_ROUNDS = 5000;

    @TempDir
    Path directory;

    @Test
    void lookupGetattrReadAndWriteAllocateNothing() {
        try (Client client = Client.of(directory);
                Arena arena = Arena.ofConfined()) {
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0600)).isZero();
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            client.write(node, fh, 0, "x".repeat(4096));
            MemorySegment memory = arena.allocate(4096);
            IoVector vector = new IoVector(4);
            vector.add(memory.address(), 4096);
            Name name = client.name("file");
            Caller caller = Caller.root().onQueueThread();
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            // Objects that do not leave a method are gone once it is compiled for good, and when that is is not ours to
            // say:
            // what counts is that a time comes when nothing is allocated any more.
            long least = Long.MAX_VALUE;
            for (int i = 0; i < MOST_RUNS && least >= ROUNDS; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                run(client, caller, node, fh, name, vector, ROUNDS);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes allocated by %d rounds", ROUNDS).isLessThan(ROUNDS);
        }
    }

    @Test
    void aLongReadByTwoThreadsAllocatesNothing() {
        try (Client client = Client.of(directory);
                Arena arena = Arena.ofConfined()) {
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0600)).isZero();
            long node = client.entry.nodeid;
            long fh = client.opened.fh;
            IoVector vector = new IoVector(4);
            vector.add(arena.allocate(LONG).address(), LONG);
            Caller caller = Caller.root().onQueueThread().withHelp();
            assertThat(client.session.write(caller, node, fh, 0, 0, 0, vector)).isEqualTo(LONG);
            long second = secondReader();
            long least = Long.MAX_VALUE;
            for (int i = 0; i < MOST_RUNS && least >= LONG_ROUNDS; i++) {
                long before = allocatedBytes(second);
                readLong(client, caller, node, fh, vector);
                least = Math.min(least, allocatedBytes(second) - before);
            }
            assertThat(least)
                    .as("bytes allocated by %d long reads", LONG_ROUNDS)
                    .isLessThan(LONG_ROUNDS);
        }
    }

    private static void readLong(Client client, Caller caller, long node, long fh, IoVector vector) {
        long failures = 0;
        for (int i = 0; i < LONG_ROUNDS; i++) {
            failures += client.session.read(caller, node, fh, 0, 0, vector) == LONG ? 0 : 1;
        }
        assertThat(failures).isZero();
    }

    /** The newest: those of other tests may still be about to end. */
    private static long secondReader() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(SecondReader.NAME))
                .mapToLong(Thread::threadId)
                .max()
                .orElseThrow();
    }

    /** By this thread and another. */
    private static long allocatedBytes(long other) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getCurrentThreadAllocatedBytes() + threads.getThreadAllocatedBytes(other);
    }

    private static void run(Client client, Caller caller, long node, long fh, Name name, IoVector vector, int rounds) {
        long failures = 0;
        for (int i = 0; i < rounds; i++) {
            failures += client.session.lookup(caller, ROOT, name, client.entry) == 0 ? 0 : 1;
            failures += client.session.getattr(caller, node, NO_HANDLE, client.attr) == 0 ? 0 : 1;
            failures += client.session.getattr(caller, node, fh, client.attr) == 0 ? 0 : 1;
            failures += client.session.read(caller, node, fh, 0, 0, vector) == 4096 ? 0 : 1;
            failures += client.session.write(caller, node, fh, 0, 0, 0, vector) == 4096 ? 0 : 1;
        }
        assertThat(failures).isZero();
    }
}

package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The request path relies on it: after warm-up, calls leave nothing for the garbage collector. */
class AllocationTest {
    private static final int CALLS = 100_000;

    /** The first rounds are warm-up: until the optimizing compiler is done, linked calls make objects. */
    private static final int MAX_ROUNDS = 10;

    /** What asking for the number costs; one object for each call would be above a million bytes. */
    private static final long OF_THE_BEAN = 2048;

    private final MemorySegment buffer = Arena.ofAuto().allocate(4096);
    private final StatxBuffer attributes = new StatxBuffer();
    private final IoVector pieces = new IoVector(8);
    private final IoVector part = new IoVector(8);

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    /**
     * Each kind of call in a loop of its own: what one loop with all of them is compiled to says little about any of
     * them.
     */
    private void requests(int count, int fd, int event, Connection first, Connection second, DescriptorQueue queue) {
        check(reads(count, fd), count * (4096L + 1000 - Errno.EBADF));
        check(attributes(count, fd), 0);
        check(events(count, event), count);
        check(messages(count / 10, first, second, queue), count / 10 * 24L);
    }

    private static void check(long result, long expected) {
        if (result != expected) {
            throw new AssertionError("unexpected result " + result);
        }
    }

    private long reads(int count, int fd) {
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            pieces.clear();
            pieces.add(buffer.address(), 4096);
            bytes += FileCalls.preadv2(fd, pieces, 0, 0);
            pieces.clear();
            pieces.add(buffer.address(), 1000);
            pieces.add(buffer.address() + 1000, 1000);
            part.slice(pieces, 500, 1000);
            bytes += FileCalls.preadv2(fd, part, 0, 0);
            bytes += FileCalls.preadv2(-1, part, 0, 0);
        }
        return bytes;
    }

    private long attributes(int count, int fd) {
        long errors = 0;
        for (int i = 0; i < count; i++) {
            errors += FileCalls.statx(fd, CString.EMPTY, At.AT_EMPTY_PATH, StatxBuffer.STATX_BASIC_STATS, attributes);
            errors += FileCalls.faccessat2(At.AT_FDCWD, ProcSelfFd.path(fd), At.R_OK, 0);
        }
        return errors;
    }

    private static long events(int count, int event) {
        long signals = 0;
        for (int i = 0; i < count; i++) {
            EventDescriptor.signal(event);
            signals += EventDescriptor.read(event);
        }
        return signals;
    }

    private long messages(int count, Connection first, Connection second, DescriptorQueue queue) {
        int[] none = {};
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += first.send(buffer, 0, 12, none, 0);
            bytes += second.receive(buffer, 0, 12, queue);
        }
        return bytes;
    }

    @Test
    void hotCallsAllocateNothing(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("file"), new byte[4096]);
        try (Arena arena = Arena.ofConfined();
                Descriptor open = new Descriptor(LinuxException.check(
                        FileCalls.openat(At.AT_FDCWD, CString.of(file.toString(), arena), OpenFlags.O_RDONLY, 0),
                        "open"));
                EventDescriptor event = EventDescriptor.create(0);
                UnixSocket.Pair pair = UnixSocket.pair();
                DescriptorQueue queue = new DescriptorQueue(8)) {
            long allocated = Long.MAX_VALUE;
            for (int round = 0; round < MAX_ROUNDS && allocated > OF_THE_BEAN; round++) {
                long before = allocatedBytes();
                requests(CALLS, open.number(), event.number(), pair.first(), pair.second(), queue);
                allocated = allocatedBytes() - before;
            }
            assertThat(allocated).as("bytes for %d rounds of calls", CALLS).isLessThanOrEqualTo(OF_THE_BEAN);
        }
    }
}

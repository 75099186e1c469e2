package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Writes the path {@code /proc/self/fd/N}: the way to calls that take only a path, for a file of which only an O_PATH
 * descriptor is there. Such a link leads to the file itself, even a renamed or unlinked one, and is not followed
 * further.
 */
public final class ProcSelfFd {
    private static final byte[] PREFIX = "/proc/self/fd/".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_DIGITS = 10;

    private static final ThreadLocal<ProcSelfFd> OF_THREAD = ThreadLocal.withInitial(ProcSelfFd::new);

    private final MemorySegment path = Arena.ofAuto().allocate(PREFIX.length + MAX_DIGITS + 1);

    /** A path of one's own, for code that holds two at a time. */
    public ProcSelfFd() {
        MemorySegment.copy(PREFIX, 0, path, JAVA_BYTE, 0, PREFIX.length);
    }

    /**
     * The path for a descriptor, in the memory of the calling thread: valid until the thread asks for another.
     * Allocates nothing but the first time.
     *
     * @param fd a descriptor, not negative
     */
    public static MemorySegment path(int fd) {
        return OF_THREAD.get().set(fd);
    }

    /**
     * Writes the path for a descriptor over the last one.
     *
     * @param fd a descriptor, not negative
     * @return the path, owned by this object
     */
    public MemorySegment set(int fd) {
        if (fd < 0) {
            throw new IllegalArgumentException("not a file descriptor: " + fd);
        }
        int end = PREFIX.length + 1;
        for (int rest = fd / 10; rest > 0; rest /= 10) {
            end++;
        }
        path.set(JAVA_BYTE, end, (byte) 0);
        int rest = fd;
        for (int i = end - 1; i >= PREFIX.length; i--) {
            path.set(JAVA_BYTE, i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        return path;
    }
}

package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code struct flock} of 64-bit Linux (include/uapi/asm-generic/fcntl.h), for {@link FileCalls#fcntl(int, int,
 * FlockBuffer)}.
 *
 * <p>Host byte order. For one thread at a time; allocate it once and use it again.
 *
 * <pre>
 *   0        2        4        8         16        24      28     32
 *   +--------+--------+--------+---------+---------+-------+------+
 *   | type   | whence |        | start   | length  | pid   |      |
 *   +--------+--------+--------+---------+---------+-------+------+
 * </pre>
 */
public final class FlockBuffer {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final int F_RDLCK = 0;
    public static final int F_WRLCK = 1;
    public static final int F_UNLCK = 2;

    private static final long TYPE = 0;
    private static final long WHENCE = 2;
    private static final long START = 8;
    private static final long LENGTH = 16;
    private static final long PID = 24;

    private final MemorySegment segment;

    /** Memory that is freed with this object. */
    public FlockBuffer() {
        this(Arena.ofAuto());
    }

    /** @param arena owner of the memory */
    public FlockBuffer(Arena arena) {
        segment = arena.allocate(SIZE, Long.BYTES);
    }

    /** The structure itself. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Describes a lock counted from the start of the file. The pid becomes 0, as OFD commands demand.
     *
     * @param type F_RDLCK, F_WRLCK or F_UNLCK
     * @param start first byte
     * @param length bytes; 0 for all up to the end, however the file grows
     */
    public void set(int type, long start, long length) {
        segment.set(JAVA_SHORT, TYPE, (short) type);
        segment.set(JAVA_SHORT, WHENCE, (short) Seek.SEEK_SET);
        segment.set(JAVA_LONG, START, start);
        segment.set(JAVA_LONG, LENGTH, length);
        segment.set(JAVA_INT, PID, 0);
    }

    /** After F_GETLK: F_UNLCK if nothing is in the way, else the type of the lock that is. */
    public int type() {
        return segment.get(JAVA_SHORT, TYPE);
    }

    /** First byte. */
    public long start() {
        return segment.get(JAVA_LONG, START);
    }

    /** Bytes; 0 for all up to the end. */
    public long length() {
        return segment.get(JAVA_LONG, LENGTH);
    }

    /** Process that holds the lock which is in the way; -1 for an OFD lock. */
    public int pid() {
        return segment.get(JAVA_INT, PID);
    }
}

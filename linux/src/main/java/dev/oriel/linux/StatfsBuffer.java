package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.linux.abi.Machine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code struct statfs} (include/uapi/asm-generic/statfs.h), filled by {@link FileCalls#fstatfs} and read in place.
 *
 * <p>Host byte order. For one thread at a time; allocate it once and use it again.
 *
 * <pre>
 *            type bsize blocks bfree bavail files ffree fsid namelen frsize flags
 *   64 bits     0     8     16    24     32    40    48   56      64     72    80
 *   s390x       0     4      8    16     24    32    40   48      56     60    64    (type, bsize and the last three: 32 bits)
 * </pre>
 */
public final class StatfsBuffer {
    /** Bytes reserved for the structure: as many as the largest variant has. */
    public static final int SIZE = 120;

    /** Narrow structures have two 32-bit words in front of the counters, the others two 64-bit words. */
    private static final long COUNTERS = Machine.NARROW_STATFS ? 8 : 16;

    private static final long WORD = Machine.NARROW_STATFS ? Integer.BYTES : Long.BYTES;
    private static final long NAMELEN = COUNTERS + 6 * Long.BYTES;

    private final MemorySegment segment;

    /** Memory that is freed with this object. */
    public StatfsBuffer() {
        this(Arena.ofAuto());
    }

    /** @param arena owner of the memory */
    public StatfsBuffer(Arena arena) {
        segment = arena.allocate(SIZE, Long.BYTES);
    }

    /** The structure itself. */
    public MemorySegment segment() {
        return segment;
    }

    /** Which file system it is ({@code *_SUPER_MAGIC} of include/uapi/linux/magic.h). */
    public long type() {
        return word(0);
    }

    /** Preferred size of a transfer, bytes. */
    public long bsize() {
        return word(WORD);
    }

    /** Blocks in all, in units of {@link #frsize()}. */
    public long blocks() {
        return segment.get(JAVA_LONG, COUNTERS);
    }

    /** Free blocks. */
    public long bfree() {
        return segment.get(JAVA_LONG, COUNTERS + Long.BYTES);
    }

    /** Free blocks for those who are not root. */
    public long bavail() {
        return segment.get(JAVA_LONG, COUNTERS + 2 * Long.BYTES);
    }

    /** Inodes in all. */
    public long files() {
        return segment.get(JAVA_LONG, COUNTERS + 3 * Long.BYTES);
    }

    /** Free inodes. */
    public long ffree() {
        return segment.get(JAVA_LONG, COUNTERS + 4 * Long.BYTES);
    }

    /** Identity of the file system, as far as it has one. */
    public long fsid() {
        return segment.get(JAVA_LONG, COUNTERS + 5 * Long.BYTES);
    }

    /** Longest name, bytes. */
    public long namelen() {
        return word(NAMELEN);
    }

    /** Size of a block, bytes. */
    public long frsize() {
        return word(NAMELEN + WORD);
    }

    /** Flags of the mount, {@code ST_*}. */
    public long flags() {
        return word(NAMELEN + 2 * WORD);
    }

    private long word(long offset) {
        return Machine.NARROW_STATFS
                ? Integer.toUnsignedLong(segment.get(JAVA_INT, offset))
                : segment.get(JAVA_LONG, offset);
    }
}

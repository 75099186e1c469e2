package dev.oriel.filesystem.node;

/**
 * One word of a node's record ({@link InodeTable}): what it has in common with many others.
 *
 * <pre>
 *   63        32 31      5   4          3         0
 *   +-----------+---------+----------+-----------+
 *   | domain    | bits    | detached | file type |
 *   +-----------+---------+----------+-----------+
 * </pre>
 */
public final class InodeKind {
    static final long DETACHED = 0x10L;

    private static final long TYPE = 0xfL;
    private static final int TYPE_SHIFT = 12;
    private static final int BITS_SHIFT = 5;
    private static final int BITS_MASK = 0x7ff_ffff;

    private InodeKind() {}

    /**
     * Packs the word.
     *
     * @param domain the part of the key that many nodes have in common, as a mount
     * @param bits 27 bits of the owner
     * @param mode whose file type is kept ({@code S_IF*})
     */
    public static long of(int domain, int bits, int mode) {
        return (long) domain << 32 | (long) (bits & BITS_MASK) << BITS_SHIFT | (mode >>> TYPE_SHIFT & TYPE);
    }

    /** The owner's bits. */
    public static int bits(long kind) {
        return (int) (kind >>> BITS_SHIFT) & BITS_MASK;
    }

    /** The same word with other bits of the owner. */
    static long withBits(long kind, int bits) {
        return of(domain(kind), bits, 0) | (kind & (DETACHED | TYPE));
    }

    /** The domain. */
    public static int domain(long kind) {
        return (int) (kind >>> 32);
    }

    /** The type bits of the mode ({@code S_IF*}). */
    public static int type(long kind) {
        return (int) (kind & TYPE) << TYPE_SHIFT;
    }
}

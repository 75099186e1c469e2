package dev.oriel.fuse;

/**
 * {@code struct fuse_bmap_in}.
 *
 * <pre>
 *     0  u64            block
 *     8  u32            blocksize
 *    12  u32            padding
 * </pre>
 */
public final class FuseBmapIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code block} */
    public long block() {
        return u64(0);
    }

    /** Sets {@code block}. */
    public FuseBmapIn block(long value) {
        u64(0, value);
        return this;
    }

    /** {@code blocksize} */
    public int blocksize() {
        return u32(8);
    }

    /** Sets {@code blocksize}. */
    public FuseBmapIn blocksize(int value) {
        u32(8, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_out_header}. The header of every reply; {@code error} is 0 or -errno.
 *
 * <pre>
 *     0  u32            len
 *     4  s32            error
 *     8  u64            unique
 * </pre>
 */
public final class FuseOutHeader extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code len} */
    public int len() {
        return u32(0);
    }

    /** Sets {@code len}. */
    public FuseOutHeader len(int value) {
        u32(0, value);
        return this;
    }

    /** {@code error} */
    public int error() {
        return u32(4);
    }

    /** Sets {@code error}. */
    public FuseOutHeader error(int value) {
        u32(4, value);
        return this;
    }

    /** {@code unique} */
    public long unique() {
        return u64(8);
    }

    /** Sets {@code unique}. */
    public FuseOutHeader unique(long value) {
        u64(8, value);
        return this;
    }
}

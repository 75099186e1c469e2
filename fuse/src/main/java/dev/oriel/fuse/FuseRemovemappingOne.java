package dev.oriel.fuse;

/**
 * {@code struct fuse_removemapping_one}.
 *
 * <pre>
 *     0  u64            moffset
 *     8  u64            len
 * </pre>
 */
public final class FuseRemovemappingOne extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code moffset} */
    public long moffset() {
        return u64(0);
    }

    /** Sets {@code moffset}. */
    public FuseRemovemappingOne moffset(long value) {
        u64(0, value);
        return this;
    }

    /** {@code len} */
    public long len() {
        return u64(8);
    }

    /** Sets {@code len}. */
    public FuseRemovemappingOne len(long value) {
        u64(8, value);
        return this;
    }
}

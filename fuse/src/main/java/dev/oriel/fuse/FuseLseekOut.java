package dev.oriel.fuse;

/**
 * {@code struct fuse_lseek_out}.
 *
 * <pre>
 *     0  u64            offset
 * </pre>
 */
public final class FuseLseekOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code offset} */
    public long offset() {
        return u64(0);
    }

    /** Sets {@code offset}. */
    public FuseLseekOut offset(long value) {
        u64(0, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_lseek_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u64            offset
 *    16  u32            whence
 *    20  u32            padding
 * </pre>
 */
public final class FuseLseekIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseLseekIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code offset} */
    public long offset() {
        return u64(8);
    }

    /** Sets {@code offset}. */
    public FuseLseekIn offset(long value) {
        u64(8, value);
        return this;
    }

    /** {@code whence} */
    public int whence() {
        return u32(16);
    }

    /** Sets {@code whence}. */
    public FuseLseekIn whence(int value) {
        u32(16, value);
        return this;
    }
}

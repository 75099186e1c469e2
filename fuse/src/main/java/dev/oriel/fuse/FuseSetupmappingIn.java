package dev.oriel.fuse;

/**
 * {@code struct fuse_setupmapping_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u64            foffset
 *    16  u64            len
 *    24  u64            flags
 *    32  u64            moffset
 * </pre>
 */
public final class FuseSetupmappingIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 40;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseSetupmappingIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code foffset} */
    public long foffset() {
        return u64(8);
    }

    /** Sets {@code foffset}. */
    public FuseSetupmappingIn foffset(long value) {
        u64(8, value);
        return this;
    }

    /** {@code len} */
    public long len() {
        return u64(16);
    }

    /** Sets {@code len}. */
    public FuseSetupmappingIn len(long value) {
        u64(16, value);
        return this;
    }

    /** {@code flags} */
    public long flags() {
        return u64(24);
    }

    /** Sets {@code flags}. */
    public FuseSetupmappingIn flags(long value) {
        u64(24, value);
        return this;
    }

    /** {@code moffset} */
    public long moffset() {
        return u64(32);
    }

    /** Sets {@code moffset}. */
    public FuseSetupmappingIn moffset(long value) {
        u64(32, value);
        return this;
    }
}

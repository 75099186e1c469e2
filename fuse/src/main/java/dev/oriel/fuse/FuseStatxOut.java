package dev.oriel.fuse;

/**
 * {@code struct fuse_statx_out}.
 *
 * <pre>
 *     0  u64            attr_valid
 *     8  u32            attr_valid_nsec
 *    12  u32            flags
 *    16  u64[2]         spare
 *    32  fuse_statx     stat
 * </pre>
 */
public final class FuseStatxOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 288;

    private final FuseStatx stat = new FuseStatx();

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code attr_valid} */
    public long attrValid() {
        return u64(0);
    }

    /** Sets {@code attr_valid}. */
    public FuseStatxOut attrValid(long value) {
        u64(0, value);
        return this;
    }

    /** {@code attr_valid_nsec} */
    public int attrValidNsec() {
        return u32(8);
    }

    /** Sets {@code attr_valid_nsec}. */
    public FuseStatxOut attrValidNsec(int value) {
        u32(8, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(12);
    }

    /** Sets {@code flags}. */
    public FuseStatxOut flags(int value) {
        u32(12, value);
        return this;
    }

    /** {@code stat}, embedded. */
    public FuseStatx stat() {
        return embedded(stat, 32);
    }
}

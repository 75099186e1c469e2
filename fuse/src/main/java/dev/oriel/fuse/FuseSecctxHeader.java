package dev.oriel.fuse;

/**
 * {@code struct fuse_secctx_header}.
 *
 * <pre>
 *     0  u32            size
 *     4  u32            nr_secctx
 * </pre>
 */
public final class FuseSecctxHeader extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code size} */
    public int size() {
        return u32(0);
    }

    /** Sets {@code size}. */
    public FuseSecctxHeader size(int value) {
        u32(0, value);
        return this;
    }

    /** {@code nr_secctx} */
    public int nrSecctx() {
        return u32(4);
    }

    /** Sets {@code nr_secctx}. */
    public FuseSecctxHeader nrSecctx(int value) {
        u32(4, value);
        return this;
    }
}

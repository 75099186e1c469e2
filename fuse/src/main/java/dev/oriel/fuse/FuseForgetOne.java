package dev.oriel.fuse;

/**
 * {@code struct fuse_forget_one}.
 *
 * <pre>
 *     0  u64            nodeid
 *     8  u64            nlookup
 * </pre>
 */
public final class FuseForgetOne extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code nodeid} */
    public long nodeid() {
        return u64(0);
    }

    /** Sets {@code nodeid}. */
    public FuseForgetOne nodeid(long value) {
        u64(0, value);
        return this;
    }

    /** {@code nlookup} */
    public long nlookup() {
        return u64(8);
    }

    /** Sets {@code nlookup}. */
    public FuseForgetOne nlookup(long value) {
        u64(8, value);
        return this;
    }
}

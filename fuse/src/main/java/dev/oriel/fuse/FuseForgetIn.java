package dev.oriel.fuse;

/**
 * {@code struct fuse_forget_in}.
 *
 * <pre>
 *     0  u64            nlookup
 * </pre>
 */
public final class FuseForgetIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code nlookup} */
    public long nlookup() {
        return u64(0);
    }

    /** Sets {@code nlookup}. */
    public FuseForgetIn nlookup(long value) {
        u64(0, value);
        return this;
    }
}

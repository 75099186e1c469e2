package dev.oriel.fuse;

/**
 * {@code struct fuse_batch_forget_in}.
 *
 * <pre>
 *     0  u32            count
 *     4  u32            dummy
 * </pre>
 */
public final class FuseBatchForgetIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code count} */
    public int count() {
        return u32(0);
    }

    /** Sets {@code count}. */
    public FuseBatchForgetIn count(int value) {
        u32(0, value);
        return this;
    }
}

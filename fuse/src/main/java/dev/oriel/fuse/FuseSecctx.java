package dev.oriel.fuse;

/**
 * {@code struct fuse_secctx}.
 *
 * <pre>
 *     0  u32            size
 *     4  u32            padding
 * </pre>
 */
public final class FuseSecctx extends FuseStruct {
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
    public FuseSecctx size(int value) {
        u32(0, value);
        return this;
    }
}

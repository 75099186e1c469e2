package dev.oriel.fuse;

/**
 * {@code struct fuse_write_out}.
 *
 * <pre>
 *     0  u32            size
 *     4  u32            padding
 * </pre>
 */
public final class FuseWriteOut extends FuseStruct {
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
    public FuseWriteOut size(int value) {
        u32(0, value);
        return this;
    }
}

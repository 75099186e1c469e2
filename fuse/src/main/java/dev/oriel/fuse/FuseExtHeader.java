package dev.oriel.fuse;

/**
 * {@code struct fuse_ext_header}.
 *
 * <pre>
 *     0  u32            size
 *     4  u32            type
 * </pre>
 */
public final class FuseExtHeader extends FuseStruct {
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
    public FuseExtHeader size(int value) {
        u32(0, value);
        return this;
    }

    /** {@code type} */
    public int type() {
        return u32(4);
    }

    /** Sets {@code type}. */
    public FuseExtHeader type(int value) {
        u32(4, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_setxattr_in}.
 *
 * <pre>
 *     0  u32            size
 *     4  u32            flags
 *     8  u32            setxattr_flags
 *    12  u32            padding
 * </pre>
 */
public final class FuseSetxattrIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code size} */
    public int size() {
        return u32(0);
    }

    /** Sets {@code size}. */
    public FuseSetxattrIn size(int value) {
        u32(0, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(4);
    }

    /** Sets {@code flags}. */
    public FuseSetxattrIn flags(int value) {
        u32(4, value);
        return this;
    }

    /** {@code setxattr_flags} */
    public int setxattrFlags() {
        return u32(8);
    }

    /** Sets {@code setxattr_flags}. */
    public FuseSetxattrIn setxattrFlags(int value) {
        u32(8, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_open_in}.
 *
 * <pre>
 *     0  u32            flags
 *     4  u32            open_flags
 * </pre>
 */
public final class FuseOpenIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code flags} */
    public int flags() {
        return u32(0);
    }

    /** Sets {@code flags}. */
    public FuseOpenIn flags(int value) {
        u32(0, value);
        return this;
    }

    /** {@code open_flags} */
    public int openFlags() {
        return u32(4);
    }

    /** Sets {@code open_flags}. */
    public FuseOpenIn openFlags(int value) {
        u32(4, value);
        return this;
    }
}

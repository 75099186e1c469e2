package dev.oriel.fuse;

/**
 * {@code struct fuse_mkdir_in}.
 *
 * <pre>
 *     0  u32            mode
 *     4  u32            umask
 * </pre>
 */
public final class FuseMkdirIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code mode} */
    public int mode() {
        return u32(0);
    }

    /** Sets {@code mode}. */
    public FuseMkdirIn mode(int value) {
        u32(0, value);
        return this;
    }

    /** {@code umask} */
    public int umask() {
        return u32(4);
    }

    /** Sets {@code umask}. */
    public FuseMkdirIn umask(int value) {
        u32(4, value);
        return this;
    }
}

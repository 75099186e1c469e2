package dev.oriel.fuse;

/**
 * {@code struct fuse_mknod_in}.
 *
 * <pre>
 *     0  u32            mode
 *     4  u32            rdev
 *     8  u32            umask
 *    12  u32            padding
 * </pre>
 */
public final class FuseMknodIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code mode} */
    public int mode() {
        return u32(0);
    }

    /** Sets {@code mode}. */
    public FuseMknodIn mode(int value) {
        u32(0, value);
        return this;
    }

    /** {@code rdev} */
    public int rdev() {
        return u32(4);
    }

    /** Sets {@code rdev}. */
    public FuseMknodIn rdev(int value) {
        u32(4, value);
        return this;
    }

    /** {@code umask} */
    public int umask() {
        return u32(8);
    }

    /** Sets {@code umask}. */
    public FuseMknodIn umask(int value) {
        u32(8, value);
        return this;
    }
}

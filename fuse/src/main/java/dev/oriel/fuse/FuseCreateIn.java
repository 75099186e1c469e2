package dev.oriel.fuse;

/**
 * {@code struct fuse_create_in}.
 *
 * <pre>
 *     0  u32            flags
 *     4  u32            mode
 *     8  u32            umask
 *    12  u32            open_flags
 * </pre>
 */
public final class FuseCreateIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code flags} */
    public int flags() {
        return u32(0);
    }

    /** Sets {@code flags}. */
    public FuseCreateIn flags(int value) {
        u32(0, value);
        return this;
    }

    /** {@code mode} */
    public int mode() {
        return u32(4);
    }

    /** Sets {@code mode}. */
    public FuseCreateIn mode(int value) {
        u32(4, value);
        return this;
    }

    /** {@code umask} */
    public int umask() {
        return u32(8);
    }

    /** Sets {@code umask}. */
    public FuseCreateIn umask(int value) {
        u32(8, value);
        return this;
    }

    /** {@code open_flags} */
    public int openFlags() {
        return u32(12);
    }

    /** Sets {@code open_flags}. */
    public FuseCreateIn openFlags(int value) {
        u32(12, value);
        return this;
    }
}

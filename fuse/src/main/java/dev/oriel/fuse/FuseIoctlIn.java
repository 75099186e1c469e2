package dev.oriel.fuse;

/**
 * {@code struct fuse_ioctl_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u32            flags
 *    12  u32            cmd
 *    16  u64            arg
 *    24  u32            in_size
 *    28  u32            out_size
 * </pre>
 */
public final class FuseIoctlIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 32;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseIoctlIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(8);
    }

    /** Sets {@code flags}. */
    public FuseIoctlIn flags(int value) {
        u32(8, value);
        return this;
    }

    /** {@code cmd} */
    public int cmd() {
        return u32(12);
    }

    /** Sets {@code cmd}. */
    public FuseIoctlIn cmd(int value) {
        u32(12, value);
        return this;
    }

    /** {@code arg} */
    public long arg() {
        return u64(16);
    }

    /** Sets {@code arg}. */
    public FuseIoctlIn arg(long value) {
        u64(16, value);
        return this;
    }

    /** {@code in_size} */
    public int inSize() {
        return u32(24);
    }

    /** Sets {@code in_size}. */
    public FuseIoctlIn inSize(int value) {
        u32(24, value);
        return this;
    }

    /** {@code out_size} */
    public int outSize() {
        return u32(28);
    }

    /** Sets {@code out_size}. */
    public FuseIoctlIn outSize(int value) {
        u32(28, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_ioctl_out}.
 *
 * <pre>
 *     0  s32            result
 *     4  u32            flags
 *     8  u32            in_iovs
 *    12  u32            out_iovs
 * </pre>
 */
public final class FuseIoctlOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code result} */
    public int result() {
        return u32(0);
    }

    /** Sets {@code result}. */
    public FuseIoctlOut result(int value) {
        u32(0, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(4);
    }

    /** Sets {@code flags}. */
    public FuseIoctlOut flags(int value) {
        u32(4, value);
        return this;
    }

    /** {@code in_iovs} */
    public int inIovs() {
        return u32(8);
    }

    /** Sets {@code in_iovs}. */
    public FuseIoctlOut inIovs(int value) {
        u32(8, value);
        return this;
    }

    /** {@code out_iovs} */
    public int outIovs() {
        return u32(12);
    }

    /** Sets {@code out_iovs}. */
    public FuseIoctlOut outIovs(int value) {
        u32(12, value);
        return this;
    }
}

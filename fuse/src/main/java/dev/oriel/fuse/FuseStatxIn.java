package dev.oriel.fuse;

/**
 * {@code struct fuse_statx_in}.
 *
 * <pre>
 *     0  u32            getattr_flags
 *     4  u32            reserved
 *     8  u64            fh
 *    16  u32            sx_flags
 *    20  u32            sx_mask
 * </pre>
 */
public final class FuseStatxIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code getattr_flags} */
    public int getattrFlags() {
        return u32(0);
    }

    /** Sets {@code getattr_flags}. */
    public FuseStatxIn getattrFlags(int value) {
        u32(0, value);
        return this;
    }

    /** {@code fh} */
    public long fh() {
        return u64(8);
    }

    /** Sets {@code fh}. */
    public FuseStatxIn fh(long value) {
        u64(8, value);
        return this;
    }

    /** {@code sx_flags} */
    public int sxFlags() {
        return u32(16);
    }

    /** Sets {@code sx_flags}. */
    public FuseStatxIn sxFlags(int value) {
        u32(16, value);
        return this;
    }

    /** {@code sx_mask} */
    public int sxMask() {
        return u32(20);
    }

    /** Sets {@code sx_mask}. */
    public FuseStatxIn sxMask(int value) {
        u32(20, value);
        return this;
    }
}

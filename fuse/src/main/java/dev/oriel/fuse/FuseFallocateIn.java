package dev.oriel.fuse;

/**
 * {@code struct fuse_fallocate_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u64            offset
 *    16  u64            length
 *    24  u32            mode
 *    28  u32            padding
 * </pre>
 */
public final class FuseFallocateIn extends FuseStruct {
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
    public FuseFallocateIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code offset} */
    public long offset() {
        return u64(8);
    }

    /** Sets {@code offset}. */
    public FuseFallocateIn offset(long value) {
        u64(8, value);
        return this;
    }

    /** {@code length} */
    public long length() {
        return u64(16);
    }

    /** Sets {@code length}. */
    public FuseFallocateIn length(long value) {
        u64(16, value);
        return this;
    }

    /** {@code mode} */
    public int mode() {
        return u32(24);
    }

    /** Sets {@code mode}. */
    public FuseFallocateIn mode(int value) {
        u32(24, value);
        return this;
    }
}

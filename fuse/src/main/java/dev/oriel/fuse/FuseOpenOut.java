package dev.oriel.fuse;

/**
 * {@code struct fuse_open_out}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u32            open_flags
 *    12  s32            backing_id
 * </pre>
 */
public final class FuseOpenOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseOpenOut fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code open_flags} */
    public int openFlags() {
        return u32(8);
    }

    /** Sets {@code open_flags}. */
    public FuseOpenOut openFlags(int value) {
        u32(8, value);
        return this;
    }

    /** {@code backing_id} */
    public int backingId() {
        return u32(12);
    }

    /** Sets {@code backing_id}. */
    public FuseOpenOut backingId(int value) {
        u32(12, value);
        return this;
    }
}

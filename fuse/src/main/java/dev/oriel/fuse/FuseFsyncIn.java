package dev.oriel.fuse;

/**
 * {@code struct fuse_fsync_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u32            fsync_flags
 *    12  u32            padding
 * </pre>
 */
public final class FuseFsyncIn extends FuseStruct {
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
    public FuseFsyncIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code fsync_flags} */
    public int fsyncFlags() {
        return u32(8);
    }

    /** Sets {@code fsync_flags}. */
    public FuseFsyncIn fsyncFlags(int value) {
        u32(8, value);
        return this;
    }
}

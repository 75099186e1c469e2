package dev.oriel.fuse;

/**
 * {@code struct fuse_flush_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u32            unused
 *    12  u32            padding
 *    16  u64            lock_owner
 * </pre>
 */
public final class FuseFlushIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseFlushIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code lock_owner} */
    public long lockOwner() {
        return u64(16);
    }

    /** Sets {@code lock_owner}. */
    public FuseFlushIn lockOwner(long value) {
        u64(16, value);
        return this;
    }
}

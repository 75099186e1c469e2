package dev.oriel.fuse;

/**
 * {@code struct fuse_sx_time}. A time stamp of STATX.
 *
 * <pre>
 *     0  s64            tv_sec
 *     8  u32            tv_nsec
 *    12  s32            __reserved
 * </pre>
 */
public final class FuseSxTime extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code tv_sec} */
    public long tvSec() {
        return u64(0);
    }

    /** Sets {@code tv_sec}. */
    public FuseSxTime tvSec(long value) {
        u64(0, value);
        return this;
    }

    /** {@code tv_nsec} */
    public int tvNsec() {
        return u32(8);
    }

    /** Sets {@code tv_nsec}. */
    public FuseSxTime tvNsec(int value) {
        u32(8, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_poll_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u64            kh
 *    16  u32            flags
 *    20  u32            events
 * </pre>
 */
public final class FusePollIn extends FuseStruct {
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
    public FusePollIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code kh} */
    public long kh() {
        return u64(8);
    }

    /** Sets {@code kh}. */
    public FusePollIn kh(long value) {
        u64(8, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(16);
    }

    /** Sets {@code flags}. */
    public FusePollIn flags(int value) {
        u32(16, value);
        return this;
    }

    /** {@code events} */
    public int events() {
        return u32(20);
    }

    /** Sets {@code events}. */
    public FusePollIn events(int value) {
        u32(20, value);
        return this;
    }
}

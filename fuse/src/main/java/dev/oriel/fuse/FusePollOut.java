package dev.oriel.fuse;

/**
 * {@code struct fuse_poll_out}.
 *
 * <pre>
 *     0  u32            revents
 *     4  u32            padding
 * </pre>
 */
public final class FusePollOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code revents} */
    public int revents() {
        return u32(0);
    }

    /** Sets {@code revents}. */
    public FusePollOut revents(int value) {
        u32(0, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_link_in}.
 *
 * <pre>
 *     0  u64            oldnodeid
 * </pre>
 */
public final class FuseLinkIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code oldnodeid} */
    public long oldnodeid() {
        return u64(0);
    }

    /** Sets {@code oldnodeid}. */
    public FuseLinkIn oldnodeid(long value) {
        u64(0, value);
        return this;
    }
}

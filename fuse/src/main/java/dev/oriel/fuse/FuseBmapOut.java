package dev.oriel.fuse;

/**
 * {@code struct fuse_bmap_out}.
 *
 * <pre>
 *     0  u64            block
 * </pre>
 */
public final class FuseBmapOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code block} */
    public long block() {
        return u64(0);
    }

    /** Sets {@code block}. */
    public FuseBmapOut block(long value) {
        u64(0, value);
        return this;
    }
}

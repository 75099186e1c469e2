package dev.oriel.fuse;

/**
 * {@code struct fuse_access_in}.
 *
 * <pre>
 *     0  u32            mask
 *     4  u32            padding
 * </pre>
 */
public final class FuseAccessIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code mask} */
    public int mask() {
        return u32(0);
    }

    /** Sets {@code mask}. */
    public FuseAccessIn mask(int value) {
        u32(0, value);
        return this;
    }
}

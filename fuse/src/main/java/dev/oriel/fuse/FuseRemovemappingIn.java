package dev.oriel.fuse;

/**
 * {@code struct fuse_removemapping_in}.
 *
 * <pre>
 *     0  u32            count
 * </pre>
 */
public final class FuseRemovemappingIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 4;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code count} */
    public int count() {
        return u32(0);
    }

    /** Sets {@code count}. */
    public FuseRemovemappingIn count(int value) {
        u32(0, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_supp_groups}.
 *
 * <pre>
 *     0  u32            nr_groups
 *     4  u32[]          groups
 * </pre>
 */
public final class FuseSuppGroups extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 4;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code nr_groups} */
    public int nrGroups() {
        return u32(0);
    }

    /** Sets {@code nr_groups}. */
    public FuseSuppGroups nrGroups(int value) {
        u32(0, value);
        return this;
    }

    /** {@code groups[index]}; the caller has checked that there are as many. */
    public int group(int index) {
        return u32(SIZE + index * Integer.BYTES);
    }

    /** Sets {@code groups[index]}. */
    public FuseSuppGroups group(int index, int value) {
        u32(SIZE + index * Integer.BYTES, value);
        return this;
    }
}

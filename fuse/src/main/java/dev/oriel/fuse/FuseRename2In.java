package dev.oriel.fuse;

/**
 * {@code struct fuse_rename2_in}.
 *
 * <pre>
 *     0  u64            newdir
 *     8  u32            flags
 *    12  u32            padding
 * </pre>
 */
public final class FuseRename2In extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code newdir} */
    public long newdir() {
        return u64(0);
    }

    /** Sets {@code newdir}. */
    public FuseRename2In newdir(long value) {
        u64(0, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(8);
    }

    /** Sets {@code flags}. */
    public FuseRename2In flags(int value) {
        u32(8, value);
        return this;
    }
}

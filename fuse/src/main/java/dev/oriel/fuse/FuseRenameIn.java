package dev.oriel.fuse;

/**
 * {@code struct fuse_rename_in}.
 *
 * <pre>
 *     0  u64            newdir
 * </pre>
 */
public final class FuseRenameIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code newdir} */
    public long newdir() {
        return u64(0);
    }

    /** Sets {@code newdir}. */
    public FuseRenameIn newdir(long value) {
        u64(0, value);
        return this;
    }
}

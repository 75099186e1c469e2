package dev.oriel.fuse;

/**
 * {@code struct fuse_getattr_in}.
 *
 * <pre>
 *     0  u32            getattr_flags
 *     4  u32            dummy
 *     8  u64            fh
 * </pre>
 */
public final class FuseGetattrIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 16;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code getattr_flags} */
    public int getattrFlags() {
        return u32(0);
    }

    /** Sets {@code getattr_flags}. */
    public FuseGetattrIn getattrFlags(int value) {
        u32(0, value);
        return this;
    }

    /** {@code fh} */
    public long fh() {
        return u64(8);
    }

    /** Sets {@code fh}. */
    public FuseGetattrIn fh(long value) {
        u64(8, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_lk_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u64            owner
 *    16  fuse_file_lock lk
 *    40  u32            lk_flags
 *    44  u32            padding
 * </pre>
 */
public final class FuseLkIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 48;

    private final FuseFileLock lk = new FuseFileLock();

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseLkIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code owner} */
    public long owner() {
        return u64(8);
    }

    /** Sets {@code owner}. */
    public FuseLkIn owner(long value) {
        u64(8, value);
        return this;
    }

    /** {@code lk}, embedded. */
    public FuseFileLock lk() {
        return embedded(lk, 16);
    }

    /** {@code lk_flags} */
    public int lkFlags() {
        return u32(40);
    }

    /** Sets {@code lk_flags}. */
    public FuseLkIn lkFlags(int value) {
        u32(40, value);
        return this;
    }
}

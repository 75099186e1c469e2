package dev.oriel.fuse;

/**
 * {@code struct fuse_lk_out}.
 *
 * <pre>
 *     0  fuse_file_lock lk
 * </pre>
 */
public final class FuseLkOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    private final FuseFileLock lk = new FuseFileLock();

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code lk}, embedded. */
    public FuseFileLock lk() {
        return embedded(lk, 0);
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_copy_file_range_out}.
 *
 * <pre>
 *     0  u64            bytes_copied
 * </pre>
 */
public final class FuseCopyFileRangeOut extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 8;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code bytes_copied} */
    public long bytesCopied() {
        return u64(0);
    }

    /** Sets {@code bytes_copied}. */
    public FuseCopyFileRangeOut bytesCopied(long value) {
        u64(0, value);
        return this;
    }
}

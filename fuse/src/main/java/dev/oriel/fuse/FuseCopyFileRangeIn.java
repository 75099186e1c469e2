package dev.oriel.fuse;

/**
 * {@code struct fuse_copy_file_range_in}.
 *
 * <pre>
 *     0  u64            fh_in
 *     8  u64            off_in
 *    16  u64            nodeid_out
 *    24  u64            fh_out
 *    32  u64            off_out
 *    40  u64            len
 *    48  u64            flags
 * </pre>
 */
public final class FuseCopyFileRangeIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 56;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh_in} */
    public long fhIn() {
        return u64(0);
    }

    /** Sets {@code fh_in}. */
    public FuseCopyFileRangeIn fhIn(long value) {
        u64(0, value);
        return this;
    }

    /** {@code off_in} */
    public long offIn() {
        return u64(8);
    }

    /** Sets {@code off_in}. */
    public FuseCopyFileRangeIn offIn(long value) {
        u64(8, value);
        return this;
    }

    /** {@code nodeid_out} */
    public long nodeidOut() {
        return u64(16);
    }

    /** Sets {@code nodeid_out}. */
    public FuseCopyFileRangeIn nodeidOut(long value) {
        u64(16, value);
        return this;
    }

    /** {@code fh_out} */
    public long fhOut() {
        return u64(24);
    }

    /** Sets {@code fh_out}. */
    public FuseCopyFileRangeIn fhOut(long value) {
        u64(24, value);
        return this;
    }

    /** {@code off_out} */
    public long offOut() {
        return u64(32);
    }

    /** Sets {@code off_out}. */
    public FuseCopyFileRangeIn offOut(long value) {
        u64(32, value);
        return this;
    }

    /** {@code len} */
    public long len() {
        return u64(40);
    }

    /** Sets {@code len}. */
    public FuseCopyFileRangeIn len(long value) {
        u64(40, value);
        return this;
    }

    /** {@code flags} */
    public long flags() {
        return u64(48);
    }

    /** Sets {@code flags}. */
    public FuseCopyFileRangeIn flags(long value) {
        u64(48, value);
        return this;
    }
}

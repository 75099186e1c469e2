package dev.oriel.fuse;

/**
 * {@code struct fuse_kstatfs}. What statfs(2) tells; blocks are of {@code frsize} bytes.
 *
 * <pre>
 *     0  u64            blocks
 *     8  u64            bfree
 *    16  u64            bavail
 *    24  u64            files
 *    32  u64            ffree
 *    40  u32            bsize
 *    44  u32            namelen
 *    48  u32            frsize
 *    52  u32            padding
 *    56  u32[6]         spare
 * </pre>
 */
public final class FuseKstatfs extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 80;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code blocks} */
    public long blocks() {
        return u64(0);
    }

    /** Sets {@code blocks}. */
    public FuseKstatfs blocks(long value) {
        u64(0, value);
        return this;
    }

    /** {@code bfree} */
    public long bfree() {
        return u64(8);
    }

    /** Sets {@code bfree}. */
    public FuseKstatfs bfree(long value) {
        u64(8, value);
        return this;
    }

    /** {@code bavail} */
    public long bavail() {
        return u64(16);
    }

    /** Sets {@code bavail}. */
    public FuseKstatfs bavail(long value) {
        u64(16, value);
        return this;
    }

    /** {@code files} */
    public long files() {
        return u64(24);
    }

    /** Sets {@code files}. */
    public FuseKstatfs files(long value) {
        u64(24, value);
        return this;
    }

    /** {@code ffree} */
    public long ffree() {
        return u64(32);
    }

    /** Sets {@code ffree}. */
    public FuseKstatfs ffree(long value) {
        u64(32, value);
        return this;
    }

    /** {@code bsize} */
    public int bsize() {
        return u32(40);
    }

    /** Sets {@code bsize}. */
    public FuseKstatfs bsize(int value) {
        u32(40, value);
        return this;
    }

    /** {@code namelen} */
    public int namelen() {
        return u32(44);
    }

    /** Sets {@code namelen}. */
    public FuseKstatfs namelen(int value) {
        u32(44, value);
        return this;
    }

    /** {@code frsize} */
    public int frsize() {
        return u32(48);
    }

    /** Sets {@code frsize}. */
    public FuseKstatfs frsize(int value) {
        u32(48, value);
        return this;
    }
}

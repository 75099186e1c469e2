package dev.oriel.fuse;

/**
 * {@code struct fuse_file_lock}. A lock on a range of a file: {@code end} is inclusive, {@code type} is {@code
 * F_RDLCK}, {@code F_WRLCK} or {@code F_UNLCK}.
 *
 * <pre>
 *     0  u64            start
 *     8  u64            end
 *    16  u32            type
 *    20  u32            pid
 * </pre>
 */
public final class FuseFileLock extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code start} */
    public long start() {
        return u64(0);
    }

    /** Sets {@code start}. */
    public FuseFileLock start(long value) {
        u64(0, value);
        return this;
    }

    /** {@code end} */
    public long end() {
        return u64(8);
    }

    /** Sets {@code end}. */
    public FuseFileLock end(long value) {
        u64(8, value);
        return this;
    }

    /** {@code type} */
    public int type() {
        return u32(16);
    }

    /** Sets {@code type}. */
    public FuseFileLock type(int value) {
        u32(16, value);
        return this;
    }

    /** {@code pid} */
    public int pid() {
        return u32(20);
    }

    /** Sets {@code pid}. */
    public FuseFileLock pid(int value) {
        u32(20, value);
        return this;
    }
}

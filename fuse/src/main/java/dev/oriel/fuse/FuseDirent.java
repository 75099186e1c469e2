package dev.oriel.fuse;

/**
 * {@code struct fuse_dirent}. An entry of a directory; the name follows, the whole is padded to 8 bytes.
 *
 * <pre>
 *     0  u64            ino
 *     8  u64            off
 *    16  u32            namelen
 *    20  u32            type
 *    24  char[]         name
 * </pre>
 */
public final class FuseDirent extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code ino} */
    public long ino() {
        return u64(0);
    }

    /** Sets {@code ino}. */
    public FuseDirent ino(long value) {
        u64(0, value);
        return this;
    }

    /** {@code off} */
    public long off() {
        return u64(8);
    }

    /** Sets {@code off}. */
    public FuseDirent off(long value) {
        u64(8, value);
        return this;
    }

    /** {@code namelen} */
    public int namelen() {
        return u32(16);
    }

    /** Sets {@code namelen}. */
    public FuseDirent namelen(int value) {
        u32(16, value);
        return this;
    }

    /** {@code type} */
    public int type() {
        return u32(20);
    }

    /** Sets {@code type}. */
    public FuseDirent type(int value) {
        u32(20, value);
        return this;
    }
}

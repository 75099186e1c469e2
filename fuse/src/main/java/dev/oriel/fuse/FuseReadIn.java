package dev.oriel.fuse;

/**
 * {@code struct fuse_read_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u64            offset
 *    16  u32            size
 *    20  u32            read_flags
 *    24  u64            lock_owner
 *    32  u32            flags
 *    36  u32            padding
 * </pre>
 */
public final class FuseReadIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 40;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseReadIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code offset} */
    public long offset() {
        return u64(8);
    }

    /** Sets {@code offset}. */
    public FuseReadIn offset(long value) {
        u64(8, value);
        return this;
    }

    /** {@code size} */
    public int size() {
        return u32(16);
    }

    /** Sets {@code size}. */
    public FuseReadIn size(int value) {
        u32(16, value);
        return this;
    }

    /** {@code read_flags} */
    public int readFlags() {
        return u32(20);
    }

    /** Sets {@code read_flags}. */
    public FuseReadIn readFlags(int value) {
        u32(20, value);
        return this;
    }

    /** {@code lock_owner} */
    public long lockOwner() {
        return u64(24);
    }

    /** Sets {@code lock_owner}. */
    public FuseReadIn lockOwner(long value) {
        u64(24, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(32);
    }

    /** Sets {@code flags}. */
    public FuseReadIn flags(int value) {
        u32(32, value);
        return this;
    }
}

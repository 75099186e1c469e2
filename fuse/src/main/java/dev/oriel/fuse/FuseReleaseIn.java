package dev.oriel.fuse;

/**
 * {@code struct fuse_release_in}.
 *
 * <pre>
 *     0  u64            fh
 *     8  u32            flags
 *    12  u32            release_flags
 *    16  u64            lock_owner
 * </pre>
 */
public final class FuseReleaseIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 24;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code fh} */
    public long fh() {
        return u64(0);
    }

    /** Sets {@code fh}. */
    public FuseReleaseIn fh(long value) {
        u64(0, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(8);
    }

    /** Sets {@code flags}. */
    public FuseReleaseIn flags(int value) {
        u32(8, value);
        return this;
    }

    /** {@code release_flags} */
    public int releaseFlags() {
        return u32(12);
    }

    /** Sets {@code release_flags}. */
    public FuseReleaseIn releaseFlags(int value) {
        u32(12, value);
        return this;
    }

    /** {@code lock_owner} */
    public long lockOwner() {
        return u64(16);
    }

    /** Sets {@code lock_owner}. */
    public FuseReleaseIn lockOwner(long value) {
        u64(16, value);
        return this;
    }
}

package dev.oriel.fuse;

/**
 * {@code struct fuse_setattr_in}.
 *
 * <pre>
 *     0  u32            valid
 *     4  u32            padding
 *     8  u64            fh
 *    16  u64            size
 *    24  u64            lock_owner
 *    32  u64            atime
 *    40  u64            mtime
 *    48  u64            ctime
 *    56  u32            atimensec
 *    60  u32            mtimensec
 *    64  u32            ctimensec
 *    68  u32            mode
 *    72  u32            unused4
 *    76  u32            uid
 *    80  u32            gid
 *    84  u32            unused5
 * </pre>
 */
public final class FuseSetattrIn extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 88;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code valid} */
    public int valid() {
        return u32(0);
    }

    /** Sets {@code valid}. */
    public FuseSetattrIn valid(int value) {
        u32(0, value);
        return this;
    }

    /** {@code fh} */
    public long fh() {
        return u64(8);
    }

    /** Sets {@code fh}. */
    public FuseSetattrIn fh(long value) {
        u64(8, value);
        return this;
    }

    /** {@code size} */
    public long size() {
        return u64(16);
    }

    /** Sets {@code size}. */
    public FuseSetattrIn size(long value) {
        u64(16, value);
        return this;
    }

    /** {@code lock_owner} */
    public long lockOwner() {
        return u64(24);
    }

    /** Sets {@code lock_owner}. */
    public FuseSetattrIn lockOwner(long value) {
        u64(24, value);
        return this;
    }

    /** {@code atime} */
    public long atime() {
        return u64(32);
    }

    /** Sets {@code atime}. */
    public FuseSetattrIn atime(long value) {
        u64(32, value);
        return this;
    }

    /** {@code mtime} */
    public long mtime() {
        return u64(40);
    }

    /** Sets {@code mtime}. */
    public FuseSetattrIn mtime(long value) {
        u64(40, value);
        return this;
    }

    /** {@code ctime} */
    public long ctime() {
        return u64(48);
    }

    /** Sets {@code ctime}. */
    public FuseSetattrIn ctime(long value) {
        u64(48, value);
        return this;
    }

    /** {@code atimensec} */
    public int atimensec() {
        return u32(56);
    }

    /** Sets {@code atimensec}. */
    public FuseSetattrIn atimensec(int value) {
        u32(56, value);
        return this;
    }

    /** {@code mtimensec} */
    public int mtimensec() {
        return u32(60);
    }

    /** Sets {@code mtimensec}. */
    public FuseSetattrIn mtimensec(int value) {
        u32(60, value);
        return this;
    }

    /** {@code ctimensec} */
    public int ctimensec() {
        return u32(64);
    }

    /** Sets {@code ctimensec}. */
    public FuseSetattrIn ctimensec(int value) {
        u32(64, value);
        return this;
    }

    /** {@code mode} */
    public int mode() {
        return u32(68);
    }

    /** Sets {@code mode}. */
    public FuseSetattrIn mode(int value) {
        u32(68, value);
        return this;
    }

    /** {@code uid} */
    public int uid() {
        return u32(76);
    }

    /** Sets {@code uid}. */
    public FuseSetattrIn uid(int value) {
        u32(76, value);
        return this;
    }

    /** {@code gid} */
    public int gid() {
        return u32(80);
    }

    /** Sets {@code gid}. */
    public FuseSetattrIn gid(int value) {
        u32(80, value);
        return this;
    }
}

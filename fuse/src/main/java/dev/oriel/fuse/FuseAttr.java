package dev.oriel.fuse;

/**
 * {@code struct fuse_attr}. The attributes of a node. Times are seconds and nanoseconds since the epoch, {@code
 * blocks} are 512 bytes, {@code rdev} is {@code minor & 0xff | major << 8 | (minor & ~0xff) << 12}.
 *
 * <pre>
 *     0  u64            ino
 *     8  u64            size
 *    16  u64            blocks
 *    24  u64            atime
 *    32  u64            mtime
 *    40  u64            ctime
 *    48  u32            atimensec
 *    52  u32            mtimensec
 *    56  u32            ctimensec
 *    60  u32            mode
 *    64  u32            nlink
 *    68  u32            uid
 *    72  u32            gid
 *    76  u32            rdev
 *    80  u32            blksize
 *    84  u32            flags
 * </pre>
 */
public final class FuseAttr extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 88;

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code ino} */
    public long ino() {
        return u64(0);
    }

    /** Sets {@code ino}. */
    public FuseAttr ino(long value) {
        u64(0, value);
        return this;
    }

    /** {@code size} */
    public long size() {
        return u64(8);
    }

    /** Sets {@code size}. */
    public FuseAttr size(long value) {
        u64(8, value);
        return this;
    }

    /** {@code blocks} */
    public long blocks() {
        return u64(16);
    }

    /** Sets {@code blocks}. */
    public FuseAttr blocks(long value) {
        u64(16, value);
        return this;
    }

    /** {@code atime} */
    public long atime() {
        return u64(24);
    }

    /** Sets {@code atime}. */
    public FuseAttr atime(long value) {
        u64(24, value);
        return this;
    }

    /** {@code mtime} */
    public long mtime() {
        return u64(32);
    }

    /** Sets {@code mtime}. */
    public FuseAttr mtime(long value) {
        u64(32, value);
        return this;
    }

    /** {@code ctime} */
    public long ctime() {
        return u64(40);
    }

    /** Sets {@code ctime}. */
    public FuseAttr ctime(long value) {
        u64(40, value);
        return this;
    }

    /** {@code atimensec} */
    public int atimensec() {
        return u32(48);
    }

    /** Sets {@code atimensec}. */
    public FuseAttr atimensec(int value) {
        u32(48, value);
        return this;
    }

    /** {@code mtimensec} */
    public int mtimensec() {
        return u32(52);
    }

    /** Sets {@code mtimensec}. */
    public FuseAttr mtimensec(int value) {
        u32(52, value);
        return this;
    }

    /** {@code ctimensec} */
    public int ctimensec() {
        return u32(56);
    }

    /** Sets {@code ctimensec}. */
    public FuseAttr ctimensec(int value) {
        u32(56, value);
        return this;
    }

    /** {@code mode} */
    public int mode() {
        return u32(60);
    }

    /** Sets {@code mode}. */
    public FuseAttr mode(int value) {
        u32(60, value);
        return this;
    }

    /** {@code nlink} */
    public int nlink() {
        return u32(64);
    }

    /** Sets {@code nlink}. */
    public FuseAttr nlink(int value) {
        u32(64, value);
        return this;
    }

    /** {@code uid} */
    public int uid() {
        return u32(68);
    }

    /** Sets {@code uid}. */
    public FuseAttr uid(int value) {
        u32(68, value);
        return this;
    }

    /** {@code gid} */
    public int gid() {
        return u32(72);
    }

    /** Sets {@code gid}. */
    public FuseAttr gid(int value) {
        u32(72, value);
        return this;
    }

    /** {@code rdev} */
    public int rdev() {
        return u32(76);
    }

    /** Sets {@code rdev}. */
    public FuseAttr rdev(int value) {
        u32(76, value);
        return this;
    }

    /** {@code blksize} */
    public int blksize() {
        return u32(80);
    }

    /** Sets {@code blksize}. */
    public FuseAttr blksize(int value) {
        u32(80, value);
        return this;
    }

    /** {@code flags} */
    public int flags() {
        return u32(84);
    }

    /** Sets {@code flags}. */
    public FuseAttr flags(int value) {
        u32(84, value);
        return this;
    }
}

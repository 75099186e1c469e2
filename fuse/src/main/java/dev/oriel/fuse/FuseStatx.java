package dev.oriel.fuse;

/**
 * {@code struct fuse_statx}. What statx(2) tells, laid out as Linux does.
 *
 * <pre>
 *     0  u32            mask
 *     4  u32            blksize
 *     8  u64            attributes
 *    16  u32            nlink
 *    20  u32            uid
 *    24  u32            gid
 *    28  u16            mode
 *    30  u16[1]         __spare0
 *    32  u64            ino
 *    40  u64            size
 *    48  u64            blocks
 *    56  u64            attributes_mask
 *    64  fuse_sx_time   atime
 *    80  fuse_sx_time   btime
 *    96  fuse_sx_time   ctime
 *   112  fuse_sx_time   mtime
 *   128  u32            rdev_major
 *   132  u32            rdev_minor
 *   136  u32            dev_major
 *   140  u32            dev_minor
 *   144  u64[14]        __spare2
 * </pre>
 */
public final class FuseStatx extends FuseStruct {
    /** The size in bytes. */
    public static final int SIZE = 256;

    private final FuseSxTime atime = new FuseSxTime();
    private final FuseSxTime btime = new FuseSxTime();
    private final FuseSxTime ctime = new FuseSxTime();
    private final FuseSxTime mtime = new FuseSxTime();

    @Override
    public int structSize() {
        return SIZE;
    }

    /** {@code mask} */
    public int mask() {
        return u32(0);
    }

    /** Sets {@code mask}. */
    public FuseStatx mask(int value) {
        u32(0, value);
        return this;
    }

    /** {@code blksize} */
    public int blksize() {
        return u32(4);
    }

    /** Sets {@code blksize}. */
    public FuseStatx blksize(int value) {
        u32(4, value);
        return this;
    }

    /** {@code attributes} */
    public long attributes() {
        return u64(8);
    }

    /** Sets {@code attributes}. */
    public FuseStatx attributes(long value) {
        u64(8, value);
        return this;
    }

    /** {@code nlink} */
    public int nlink() {
        return u32(16);
    }

    /** Sets {@code nlink}. */
    public FuseStatx nlink(int value) {
        u32(16, value);
        return this;
    }

    /** {@code uid} */
    public int uid() {
        return u32(20);
    }

    /** Sets {@code uid}. */
    public FuseStatx uid(int value) {
        u32(20, value);
        return this;
    }

    /** {@code gid} */
    public int gid() {
        return u32(24);
    }

    /** Sets {@code gid}. */
    public FuseStatx gid(int value) {
        u32(24, value);
        return this;
    }

    /** {@code mode} */
    public int mode() {
        return u16(28);
    }

    /** Sets {@code mode}. */
    public FuseStatx mode(int value) {
        u16(28, value);
        return this;
    }

    /** {@code ino} */
    public long ino() {
        return u64(32);
    }

    /** Sets {@code ino}. */
    public FuseStatx ino(long value) {
        u64(32, value);
        return this;
    }

    /** {@code size} */
    public long size() {
        return u64(40);
    }

    /** Sets {@code size}. */
    public FuseStatx size(long value) {
        u64(40, value);
        return this;
    }

    /** {@code blocks} */
    public long blocks() {
        return u64(48);
    }

    /** Sets {@code blocks}. */
    public FuseStatx blocks(long value) {
        u64(48, value);
        return this;
    }

    /** {@code attributes_mask} */
    public long attributesMask() {
        return u64(56);
    }

    /** Sets {@code attributes_mask}. */
    public FuseStatx attributesMask(long value) {
        u64(56, value);
        return this;
    }

    /** {@code atime}, embedded. */
    public FuseSxTime atime() {
        return embedded(atime, 64);
    }

    /** {@code btime}, embedded. */
    public FuseSxTime btime() {
        return embedded(btime, 80);
    }

    /** {@code ctime}, embedded. */
    public FuseSxTime ctime() {
        return embedded(ctime, 96);
    }

    /** {@code mtime}, embedded. */
    public FuseSxTime mtime() {
        return embedded(mtime, 112);
    }

    /** {@code rdev_major} */
    public int rdevMajor() {
        return u32(128);
    }

    /** Sets {@code rdev_major}. */
    public FuseStatx rdevMajor(int value) {
        u32(128, value);
        return this;
    }

    /** {@code rdev_minor} */
    public int rdevMinor() {
        return u32(132);
    }

    /** Sets {@code rdev_minor}. */
    public FuseStatx rdevMinor(int value) {
        u32(132, value);
        return this;
    }

    /** {@code dev_major} */
    public int devMajor() {
        return u32(136);
    }

    /** Sets {@code dev_major}. */
    public FuseStatx devMajor(int value) {
        u32(136, value);
        return this;
    }

    /** {@code dev_minor} */
    public int devMinor() {
        return u32(140);
    }

    /** Sets {@code dev_minor}. */
    public FuseStatx devMinor(int value) {
        u32(140, value);
        return this;
    }
}

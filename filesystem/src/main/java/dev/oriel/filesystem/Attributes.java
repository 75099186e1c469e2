package dev.oriel.filesystem;

import dev.oriel.linux.StatxBuffer;

/**
 * The attributes of a node: what stat(2) tells, with the time of birth and the attribute flags of statx(2), and how
 * long the client may remember them.
 *
 * <p>A plain value. The caller of an operation makes one for each of its threads, {@link #clear clears} it before each
 * call and uses it again for the next request. A file system fills it and does not keep it. Times are seconds since the
 * epoch, and nanoseconds from 0 to 999 999 999 beside them.
 */
public final class Attributes {
    /** The inode number, as stat(2) is to tell it. */
    public long ino;

    /** Bytes. */
    public long size;

    /** What the file occupies, in units of 512 bytes. */
    public long blocks;

    public long atime;
    public int atimensec;
    public long mtime;
    public int mtimensec;
    public long ctime;
    public int ctimensec;

    /** The time of birth; good if {@link #mask} has {@code STATX_BTIME}. */
    public long btime;

    public int btimensec;

    /** File type and permissions, {@code st_mode}. */
    public int mode;

    public int nlink;
    public int uid;
    public int gid;
    public int rdevMajor;
    public int rdevMinor;

    /** The preferred size of a transfer, bytes. */
    public int blksize;

    /** {@code FUSE_ATTR_DAX}, {@code FUSE_ATTR_SUBMOUNT}. */
    public int flags;

    /** Which fields are good, {@code STATX_*}: at first the basic ones. */
    public int mask;

    /** {@code STATX_ATTR_*}. */
    public long attributes;

    /** Which bits of {@link #attributes} are supported. */
    public long attributesMask;

    /** How long the client may remember all this, ns; 0: it has to ask each time. */
    public long validNanos;

    /** All zero but {@link #mask}. */
    public Attributes() {
        clear();
    }

    /** Sets everything to zero, and {@link #mask} to {@code STATX_BASIC_STATS}. */
    public void clear() {
        ino = 0;
        size = 0;
        blocks = 0;
        atime = 0;
        atimensec = 0;
        mtime = 0;
        mtimensec = 0;
        ctime = 0;
        ctimensec = 0;
        btime = 0;
        btimensec = 0;
        mode = 0;
        nlink = 0;
        uid = 0;
        gid = 0;
        rdevMajor = 0;
        rdevMinor = 0;
        blksize = 0;
        flags = 0;
        mask = StatxBuffer.STATX_BASIC_STATS;
        attributes = 0;
        attributesMask = 0;
        validNanos = 0;
    }

    /** Takes all that {@code other} has. */
    public void copyFrom(Attributes other) {
        ino = other.ino;
        size = other.size;
        blocks = other.blocks;
        atime = other.atime;
        atimensec = other.atimensec;
        mtime = other.mtime;
        mtimensec = other.mtimensec;
        ctime = other.ctime;
        ctimensec = other.ctimensec;
        btime = other.btime;
        btimensec = other.btimensec;
        mode = other.mode;
        nlink = other.nlink;
        uid = other.uid;
        gid = other.gid;
        rdevMajor = other.rdevMajor;
        rdevMinor = other.rdevMinor;
        blksize = other.blksize;
        flags = other.flags;
        mask = other.mask;
        attributes = other.attributes;
        attributesMask = other.attributesMask;
        validNanos = other.validNanos;
    }
}

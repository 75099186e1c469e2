package dev.oriel.fuse;

/** The flags of single requests and replies, by the names of {@code linux/fuse.h} without their {@code FUSE_}. */
public final class FuseFlags {
    /** {@code fuse_setattr_in.valid}: what to set. */
    public static final int FATTR_MODE = 1;

    public static final int FATTR_UID = 1 << 1;
    public static final int FATTR_GID = 1 << 2;
    public static final int FATTR_SIZE = 1 << 3;
    public static final int FATTR_ATIME = 1 << 4;
    public static final int FATTR_MTIME = 1 << 5;
    public static final int FATTR_FH = 1 << 6;
    public static final int FATTR_ATIME_NOW = 1 << 7;
    public static final int FATTR_MTIME_NOW = 1 << 8;
    public static final int FATTR_LOCKOWNER = 1 << 9;
    public static final int FATTR_CTIME = 1 << 10;
    public static final int FATTR_KILL_SUIDGID = 1 << 11;

    /** {@code fuse_open_out.open_flags}: how the client treats the open file. */
    public static final int FOPEN_DIRECT_IO = 1;

    public static final int FOPEN_KEEP_CACHE = 1 << 1;
    public static final int FOPEN_NONSEEKABLE = 1 << 2;
    public static final int FOPEN_CACHE_DIR = 1 << 3;
    public static final int FOPEN_STREAM = 1 << 4;
    public static final int FOPEN_NOFLUSH = 1 << 5;
    public static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    /** {@code fuse_attr.flags}. */
    public static final int ATTR_SUBMOUNT = 1;

    public static final int ATTR_DAX = 1 << 1;

    /** {@code fuse_getattr_in.getattr_flags}: the request names an open file. */
    public static final int GETATTR_FH = 1;

    /** {@code fuse_open_in.open_flags}. */
    public static final int OPEN_KILL_SUIDGID = 1;

    /** {@code fuse_release_in.release_flags}. */
    public static final int RELEASE_FLUSH = 1;

    public static final int RELEASE_FLOCK_UNLOCK = 1 << 1;

    /** {@code fuse_write_in.write_flags}. */
    public static final int WRITE_CACHE = 1;

    public static final int WRITE_LOCKOWNER = 1 << 1;
    public static final int WRITE_KILL_SUIDGID = 1 << 2;

    /** {@code fuse_read_in.read_flags}. */
    public static final int READ_LOCKOWNER = 1 << 1;

    /** {@code fuse_fsync_in.fsync_flags}. */
    public static final int FSYNC_FDATASYNC = 1;

    /** {@code fuse_setxattr_in.setxattr_flags}. */
    public static final int SETXATTR_ACL_KILL_SGID = 1;

    /** {@code fuse_lk_in.lk_flags}: flock(2), not fcntl(2). */
    public static final int LK_FLOCK = 1;

    /** {@code fuse_ioctl_in.flags}. */
    public static final int IOCTL_COMPAT = 1;

    public static final int IOCTL_UNRESTRICTED = 1 << 1;
    public static final int IOCTL_RETRY = 1 << 2;
    public static final int IOCTL_32BIT = 1 << 3;
    public static final int IOCTL_DIR = 1 << 4;

    /** {@code fuse_ext_header.type}: supplementary groups; types up to 31 count security contexts. */
    public static final int EXT_GROUPS = 32;

    /** {@code fuse_setupmapping_in.flags}. */
    public static final long SETUPMAPPING_WRITE = 1;

    public static final long SETUPMAPPING_READ = 1 << 1;

    private FuseFlags() {}
}

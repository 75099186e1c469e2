package dev.oriel.linux;

/** The base of a relative path, and flags of the *at calls (include/uapi/linux/fcntl.h). */
public final class At {
    public static final int AT_FDCWD = -100;
    public static final int AT_SYMLINK_NOFOLLOW = 0x100;
    public static final int AT_EACCESS = 0x200;
    public static final int AT_REMOVEDIR = 0x200;
    public static final int AT_SYMLINK_FOLLOW = 0x400;
    public static final int AT_NO_AUTOMOUNT = 0x800;
    public static final int AT_EMPTY_PATH = 0x1000;
    public static final int AT_STATX_SYNC_AS_STAT = 0;
    public static final int AT_STATX_FORCE_SYNC = 0x2000;
    public static final int AT_STATX_DONT_SYNC = 0x4000;

    /** Only for name_to_handle_at(2): the handle is for comparison, not for open_by_handle_at(2). */
    public static final int AT_HANDLE_FID = 0x200;
    /** Only for name_to_handle_at(2): a 64-bit mount number that is never used again. */
    public static final int AT_HANDLE_MNT_ID_UNIQUE = 0x001;

    /** What to ask of faccessat2(2). */
    public static final int F_OK = 0;

    public static final int X_OK = 1;
    public static final int W_OK = 2;
    public static final int R_OK = 4;

    private At() {}
}

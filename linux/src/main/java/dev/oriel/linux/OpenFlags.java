package dev.oriel.linux;

import dev.oriel.linux.abi.Machine;

/**
 * Flags of open(2) (include/uapi/asm-generic/fcntl.h). A guest of another architecture may use other values: translate
 * first.
 */
public final class OpenFlags {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_ACCMODE = 3;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_NOCTTY = 0x100;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int O_ASYNC = 0x2000;
    public static final int O_NOATIME = 0x40000;
    public static final int O_CLOEXEC = 0x80000;
    public static final int O_SYNC = 0x101000;
    public static final int O_PATH = 0x200000;

    /** Has a value of its own on Arm, as the next three: not a compile-time constant. */
    public static final int O_DIRECT = Machine.ARM_OPEN_FLAGS ? 0x10000 : 0x4000;

    public static final int O_LARGEFILE = Machine.ARM_OPEN_FLAGS ? 0x20000 : 0x8000;
    public static final int O_DIRECTORY = Machine.ARM_OPEN_FLAGS ? 0x4000 : 0x10000;
    public static final int O_NOFOLLOW = Machine.ARM_OPEN_FLAGS ? 0x8000 : 0x20000;
    public static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

    private OpenFlags() {}
}

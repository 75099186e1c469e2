package dev.oriel.linux;

/** File types and permission bits of st_mode (include/uapi/linux/stat.h). */
public final class FileMode {
    public static final int S_IFMT = 0xf000;
    public static final int S_IFSOCK = 0xc000;
    public static final int S_IFLNK = 0xa000;
    public static final int S_IFREG = 0x8000;
    public static final int S_IFBLK = 0x6000;
    public static final int S_IFDIR = 0x4000;
    public static final int S_IFCHR = 0x2000;
    public static final int S_IFIFO = 0x1000;

    public static final int S_ISUID = 0x800;
    public static final int S_ISGID = 0x400;
    public static final int S_ISVTX = 0x200;

    public static final int S_IRWXU = 0x1c0;
    public static final int S_IRUSR = 0x100;
    public static final int S_IWUSR = 0x80;
    public static final int S_IXUSR = 0x40;
    public static final int S_IRWXG = 0x38;
    public static final int S_IRGRP = 0x20;
    public static final int S_IWGRP = 0x10;
    public static final int S_IXGRP = 0x8;
    public static final int S_IRWXO = 0x7;
    public static final int S_IROTH = 0x4;
    public static final int S_IWOTH = 0x2;
    public static final int S_IXOTH = 0x1;

    private FileMode() {}

    /** A device number as glibc's makedev(3) composes it: {@code MMMM Mmmm mmmM MMmm} in hexadecimal digits. */
    public static long device(int major, int minor) {
        long high = Integer.toUnsignedLong(major);
        long low = Integer.toUnsignedLong(minor);
        return (high & 0xffff_f000L) << 32 | (high & 0xfff) << 8 | (low & 0xffff_ff00L) << 12 | (low & 0xff);
    }
}

package dev.oriel.linux;

/** Flags of setxattr(2) and limits of extended attributes (include/uapi/linux/xattr.h, limits.h). */
public final class XattrFlags {
    public static final int XATTR_CREATE = 1;
    public static final int XATTR_REPLACE = 2;

    public static final int XATTR_NAME_MAX = 255;
    public static final int XATTR_SIZE_MAX = 65536;
    public static final int XATTR_LIST_MAX = 65536;

    private XattrFlags() {}
}

package dev.oriel.linux;

/** Flags of preadv2(2) and pwritev2(2) (include/uapi/linux/fs.h). */
public final class TransferFlags {
    public static final int RWF_HIPRI = 0x01;
    public static final int RWF_DSYNC = 0x02;
    public static final int RWF_SYNC = 0x04;
    public static final int RWF_NOWAIT = 0x08;
    public static final int RWF_APPEND = 0x10;
    public static final int RWF_NOAPPEND = 0x20;

    private TransferFlags() {}
}

package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code struct statx} (include/uapi/linux/stat.h), filled by {@link FileCalls#statx} and read in place.
 *
 * <p>Host byte order. For one thread at a time; allocate it once and use it again.
 *
 * <pre>
 *     0 mask       4 blksize    8 attributes            16 nlink  20 uid  24 gid  28 mode (16 bits)
 *    32 ino       40 size      48 blocks                56 attributes_mask
 *    64 atime     80 btime     96 ctime                112 mtime    (each: seconds 8, nanoseconds 4, unused 4)
 *   128 rdev major, minor     136 dev major, minor     144 mnt_id
 *   152 dio_mem_align         156 dio_offset_align     ... spare up to 256
 * </pre>
 */
public final class StatxBuffer {
    /** Bytes of the structure, spare room included. */
    public static final int SIZE = 256;

    public static final int STATX_TYPE = 0x1;
    public static final int STATX_MODE = 0x2;
    public static final int STATX_NLINK = 0x4;
    public static final int STATX_UID = 0x8;
    public static final int STATX_GID = 0x10;
    public static final int STATX_ATIME = 0x20;
    public static final int STATX_MTIME = 0x40;
    public static final int STATX_CTIME = 0x80;
    public static final int STATX_INO = 0x100;
    public static final int STATX_SIZE = 0x200;
    public static final int STATX_BLOCKS = 0x400;
    public static final int STATX_BASIC_STATS = 0x7ff;
    public static final int STATX_BTIME = 0x800;
    public static final int STATX_MNT_ID = 0x1000;
    public static final int STATX_DIOALIGN = 0x2000;
    public static final int STATX_MNT_ID_UNIQUE = 0x4000;

    public static final int STATX_ATTR_COMPRESSED = 0x4;
    public static final int STATX_ATTR_IMMUTABLE = 0x10;
    public static final int STATX_ATTR_APPEND = 0x20;
    public static final int STATX_ATTR_NODUMP = 0x40;
    public static final int STATX_ATTR_ENCRYPTED = 0x800;
    public static final int STATX_ATTR_AUTOMOUNT = 0x1000;
    public static final int STATX_ATTR_MOUNT_ROOT = 0x2000;
    public static final int STATX_ATTR_VERITY = 0x100000;
    public static final int STATX_ATTR_DAX = 0x200000;

    private final MemorySegment segment;

    /** Memory that is freed with this object. */
    public StatxBuffer() {
        this(Arena.ofAuto());
    }

    /** @param arena owner of the memory */
    public StatxBuffer(Arena arena) {
        segment = arena.allocate(SIZE, Long.BYTES);
    }

    /** The structure itself. */
    public MemorySegment segment() {
        return segment;
    }

    /** Type and permission bits ({@link FileMode}). */
    public int mode() {
        return Short.toUnsignedInt(segment.get(JAVA_SHORT, 28));
    }

    /** Only the type: one of {@code S_IF*}. */
    public int type() {
        return mode() & FileMode.S_IFMT;
    }

    /** Which fields are filled, {@code STATX_*}. */
    public int mask() {
        return segment.get(JAVA_INT, 0);
    }

    /** Preferred size of a transfer, bytes. */
    public int blksize() {
        return segment.get(JAVA_INT, 4);
    }

    /** {@code STATX_ATTR_*}. */
    public long attributes() {
        return segment.get(JAVA_LONG, 8);
    }

    /** Number of hard links, unsigned. */
    public int nlink() {
        return segment.get(JAVA_INT, 16);
    }

    /** Owner, unsigned. */
    public int uid() {
        return segment.get(JAVA_INT, 20);
    }

    /** Group, unsigned. */
    public int gid() {
        return segment.get(JAVA_INT, 24);
    }

    /** Inode number. */
    public long ino() {
        return segment.get(JAVA_LONG, 32);
    }

    /** Size in bytes. */
    public long size() {
        return segment.get(JAVA_LONG, 40);
    }

    /** Space used, in units of 512 bytes. */
    public long blocks() {
        return segment.get(JAVA_LONG, 48);
    }

    /** Which bits of {@link #attributes()} mean something. */
    public long attributesMask() {
        return segment.get(JAVA_LONG, 56);
    }

    /** Last access, seconds since 1970. */
    public long atimeSeconds() {
        return segment.get(JAVA_LONG, 64);
    }

    /** Nanoseconds of it. */
    public int atimeNanos() {
        return segment.get(JAVA_INT, 72);
    }

    /** Birth, if the mask has STATX_BTIME. */
    public long btimeSeconds() {
        return segment.get(JAVA_LONG, 80);
    }

    /** Nanoseconds of it. */
    public int btimeNanos() {
        return segment.get(JAVA_INT, 88);
    }

    /** Last change of the attributes. */
    public long ctimeSeconds() {
        return segment.get(JAVA_LONG, 96);
    }

    /** Nanoseconds of it. */
    public int ctimeNanos() {
        return segment.get(JAVA_INT, 104);
    }

    /** Last change of the content. */
    public long mtimeSeconds() {
        return segment.get(JAVA_LONG, 112);
    }

    /** Nanoseconds of it. */
    public int mtimeNanos() {
        return segment.get(JAVA_INT, 120);
    }

    /** Of the device that a special file stands for. */
    public int rdevMajor() {
        return segment.get(JAVA_INT, 128);
    }

    /** Its minor number. */
    public int rdevMinor() {
        return segment.get(JAVA_INT, 132);
    }

    /** Of the device that holds the file. */
    public int devMajor() {
        return segment.get(JAVA_INT, 136);
    }

    /** Its minor number. */
    public int devMinor() {
        return segment.get(JAVA_INT, 140);
    }

    /** Number of the mount, if the mask has STATX_MNT_ID or STATX_MNT_ID_UNIQUE. */
    public long mountId() {
        return segment.get(JAVA_LONG, 144);
    }

    /** Alignment of memory for direct I/O, if the mask has STATX_DIOALIGN. */
    public int dioMemAlign() {
        return segment.get(JAVA_INT, 152);
    }

    /** Alignment of offset and length for direct I/O. */
    public int dioOffsetAlign() {
        return segment.get(JAVA_INT, 156);
    }
}

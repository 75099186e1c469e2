package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Walks the entries that {@link NameCalls#getdents64} left in a buffer, in place.
 *
 * <p>One {@code struct linux_dirent64} (include/linux/dirent.h), host byte order:
 *
 * <pre>
 *   0          8          16        18     19               reclen
 *   +----------+----------+---------+------+------------------+
 *   | ino      | off      | reclen  | type | name, NUL, fill  |
 *   +----------+----------+---------+------+------------------+
 * </pre>
 *
 * <p>For one thread at a time; use it again with {@link #reset}.
 */
public final class DirentReader {
    public static final int DT_UNKNOWN = 0;
    public static final int DT_FIFO = 1;
    public static final int DT_CHR = 2;
    public static final int DT_DIR = 4;
    public static final int DT_BLK = 6;
    public static final int DT_REG = 8;
    public static final int DT_LNK = 10;
    public static final int DT_SOCK = 12;
    public static final int DT_WHT = 14;

    private static final int OFF = 8;
    private static final int RECORD_LENGTH = 16;
    private static final int TYPE = 18;
    private static final int NAME = 19;

    private final MemorySegment buffer;
    private int end;
    private int next;
    private int entry;
    private int nameLength;

    /** @param buffer the buffer that is passed to getdents64, owned by the caller */
    public DirentReader(MemorySegment buffer) {
        this.buffer = buffer;
    }

    /**
     * Starts before the first entry.
     *
     * @param length how many bytes getdents64 filled
     */
    public void reset(int length) {
        end = length;
        next = 0;
        entry = 0;
        nameLength = 0;
    }

    /**
     * Goes to the next entry.
     *
     * @return false if there is none, or the rest is not an entry
     */
    public boolean next() {
        if (end - next <= NAME) {
            return false;
        }
        int length = Short.toUnsignedInt(buffer.get(JAVA_SHORT_UNALIGNED, next + RECORD_LENGTH));
        if (length <= NAME || length > end - next) {
            return false;
        }
        int nul = CString.length(buffer, next + NAME, length - NAME);
        if (nul < 0) {
            return false;
        }
        entry = next;
        nameLength = nul;
        next += length;
        return true;
    }

    /** Inode number; of a mount point the one below the mount. */
    public long ino() {
        return buffer.get(JAVA_LONG_UNALIGNED, entry);
    }

    /** Position after this entry, for lseek(2): a cookie of the file system, not a count. */
    public long off() {
        return buffer.get(JAVA_LONG_UNALIGNED, entry + OFF);
    }

    /** {@code DT_*}; DT_UNKNOWN where the file system does not say. */
    public int type() {
        return Byte.toUnsignedInt(buffer.get(JAVA_BYTE, entry + TYPE));
    }

    /** Where the name begins in the buffer; a NUL ends it. */
    public int nameOffset() {
        return entry + NAME;
    }

    /** Bytes of the name without its NUL. */
    public int nameLength() {
        return nameLength;
    }

    /** Whether this is "." or "..". */
    public boolean isDotOrDotDot() {
        return nameLength <= 2
                && buffer.get(JAVA_BYTE, nameOffset()) == '.'
                && buffer.get(JAVA_BYTE, nameOffset() + nameLength - 1L) == '.';
    }

    /** A copy of the name; Linux does not say in which encoding it is. */
    public byte[] name() {
        return CString.bytes(buffer, nameOffset(), nameLength);
    }
}

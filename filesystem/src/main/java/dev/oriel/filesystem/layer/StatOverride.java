package dev.oriel.filesystem.layer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.filesystem.Attributes;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.FileMode;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The value of {@code user.containers.override_stat}: {@code uid:gid:0mode:type}, ids in decimal, the mode's twelve
 * bits in octal, and a type {@code file}, {@code dir}, {@code symlink}, {@code pipe}, {@code socket}, {@code
 * block-MAJOR-MINOR} or {@code char-MAJOR-MINOR}. Read as well is what others write: no type, and the type as bits of
 * the mode. A plain value, one for each thread.
 */
final class StatOverride {
    /** More bytes than any value has. */
    static final int MOST_BYTES = 128;

    private static final int PERMISSIONS = 07777;
    private static final int DECIMAL = 10;
    private static final int OCTAL = 8;
    private static final long NO_NUMBER = -1;
    private static final long MOST = 0xffff_ffffL;

    private static final byte[] FILE = ascii("file");
    private static final byte[] DIRECTORY = ascii("dir");
    private static final byte[] SYMLINK = ascii("symlink");
    private static final byte[] PIPE = ascii("pipe");
    private static final byte[] SOCKET = ascii("socket");
    private static final byte[] BLOCK = ascii("block-");
    private static final byte[] CHARACTER = ascii("char-");

    int uid;
    int gid;

    /** Type and permissions, {@code st_mode}. */
    int mode;

    int rdevMajor;
    int rdevMinor;

    /** Where the next byte is read or written. */
    private int at;

    private int end;

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Takes what a file has now. */
    void copyFrom(Attributes attributes) {
        uid = attributes.uid;
        gid = attributes.gid;
        mode = attributes.mode;
        rdevMajor = attributes.rdevMajor;
        rdevMinor = attributes.rdevMinor;
    }

    /** Lets {@code attributes} say what this says. */
    void applyTo(Attributes attributes) {
        attributes.uid = uid;
        attributes.gid = gid;
        attributes.mode = mode;
        attributes.rdevMajor = rdevMajor;
        attributes.rdevMinor = rdevMinor;
        if ((mode & FileMode.S_IFMT) != FileMode.S_IFREG) {
            attributes.flags &= ~FuseFlags.ATTR_DAX;
        }
    }

    /**
     * Reads a value.
     *
     * @param length of the value, which begins {@code text}
     * @param hostType the type of the file that has it, {@code S_IFREG} or {@code S_IFDIR}
     * @return whether it is one, and one that such a file can have; otherwise this is of no use
     */
    boolean read(MemorySegment text, int length, int hostType) {
        at = 0;
        end = length;
        long user = number(text, DECIMAL);
        long group = takes(text, ':') ? number(text, DECIMAL) : NO_NUMBER;
        long bits = takes(text, ':') ? number(text, OCTAL) : NO_NUMBER;
        if (user == NO_NUMBER || group == NO_NUMBER || bits == NO_NUMBER || bits > (FileMode.S_IFMT | PERMISSIONS)) {
            return false;
        }
        uid = (int) user;
        gid = (int) group;
        rdevMajor = 0;
        rdevMinor = 0;
        int type = (int) bits & FileMode.S_IFMT;
        if (takes(text, ':')) {
            type = type(text);
        } else if (type == 0) {
            type = hostType;
        }
        mode = type | ((int) bits & PERMISSIONS);
        return at == end && type != 0 && (type == FileMode.S_IFDIR) == (hostType == FileMode.S_IFDIR);
    }

    private int type(MemorySegment text) {
        if (takes(text, FILE)) {
            return FileMode.S_IFREG;
        } else if (takes(text, DIRECTORY)) {
            return FileMode.S_IFDIR;
        } else if (takes(text, SYMLINK)) {
            return FileMode.S_IFLNK;
        } else if (takes(text, PIPE)) {
            return FileMode.S_IFIFO;
        } else if (takes(text, SOCKET)) {
            return FileMode.S_IFSOCK;
        } else if (takes(text, BLOCK)) {
            return device(text) ? FileMode.S_IFBLK : 0;
        } else if (takes(text, CHARACTER)) {
            return device(text) ? FileMode.S_IFCHR : 0;
        }
        return 0;
    }

    private boolean device(MemorySegment text) {
        long major = number(text, DECIMAL);
        long minor = takes(text, '-') ? number(text, DECIMAL) : NO_NUMBER;
        rdevMajor = (int) major;
        rdevMinor = (int) minor;
        return major != NO_NUMBER && minor != NO_NUMBER;
    }

    private long number(MemorySegment text, int radix) {
        int begin = at;
        long value = 0;
        while (at < end) {
            int digit = text.get(JAVA_BYTE, at) - '0';
            if (digit < 0 || digit >= radix) {
                break;
            }
            value = value * radix + digit;
            if (value > MOST) {
                return NO_NUMBER;
            }
            at++;
        }
        return at == begin ? NO_NUMBER : value;
    }

    private boolean takes(MemorySegment text, char wanted) {
        if (at < end && text.get(JAVA_BYTE, at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private boolean takes(MemorySegment text, byte[] wanted) {
        if (end - at < wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (text.get(JAVA_BYTE, at + i) != wanted[i]) {
                return false;
            }
        }
        at += wanted.length;
        return true;
    }

    /**
     * Writes the value.
     *
     * @param text gets it, at least {@link #MOST_BYTES}
     * @return its length
     */
    int write(MemorySegment text) {
        at = 0;
        put(text, Integer.toUnsignedLong(uid), DECIMAL);
        put(text, ':');
        put(text, Integer.toUnsignedLong(gid), DECIMAL);
        put(text, ':');
        put(text, '0');
        put(text, mode & PERMISSIONS, OCTAL);
        put(text, ':');
        switch (mode & FileMode.S_IFMT) {
            case FileMode.S_IFDIR -> put(text, DIRECTORY);
            case FileMode.S_IFLNK -> put(text, SYMLINK);
            case FileMode.S_IFIFO -> put(text, PIPE);
            case FileMode.S_IFSOCK -> put(text, SOCKET);
            case FileMode.S_IFBLK -> putDevice(text, BLOCK);
            case FileMode.S_IFCHR -> putDevice(text, CHARACTER);
            default -> put(text, FILE);
        }
        return at;
    }

    private void putDevice(MemorySegment text, byte[] kind) {
        put(text, kind);
        put(text, Integer.toUnsignedLong(rdevMajor), DECIMAL);
        put(text, '-');
        put(text, Integer.toUnsignedLong(rdevMinor), DECIMAL);
    }

    private void put(MemorySegment text, char character) {
        text.set(JAVA_BYTE, at++, (byte) character);
    }

    private void put(MemorySegment text, byte[] word) {
        MemorySegment.copy(word, 0, text, JAVA_BYTE, at, word.length);
        at += word.length;
    }

    private void put(MemorySegment text, long number, int radix) {
        long rest = number;
        int digits = 1;
        for (long left = number / radix; left > 0; left /= radix) {
            digits++;
        }
        for (int i = digits - 1; i >= 0; i--) {
            text.set(JAVA_BYTE, at + i, (byte) ('0' + rest % radix));
            rest /= radix;
        }
        at += digits;
    }
}

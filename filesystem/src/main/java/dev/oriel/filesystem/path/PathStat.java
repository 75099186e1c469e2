package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Attributes;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.StatxBuffer;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a provider told of a file, with stand-ins for what it did not.
 *
 * @param key what tells the file from all others; null if the provider does not
 */
record PathStat(
        int mode,
        long size,
        int nlink,
        int uid,
        int gid,
        int rdevMajor,
        int rdevMinor,
        @Nullable FileTime accessed,
        @Nullable FileTime modified,
        @Nullable FileTime changed,
        @Nullable FileTime born,
        @Nullable Object key) {
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    /** The file type, {@code S_IF*}. */
    int type() {
        return mode & FileMode.S_IFMT;
    }

    boolean isFile() {
        return type() == FileMode.S_IFREG;
    }

    boolean isDirectory() {
        return type() == FileMode.S_IFDIR;
    }

    PathStat withoutKey() {
        return new PathStat(mode, size, nlink, uid, gid, rdevMajor, rdevMinor, accessed, modified, changed, born, null);
    }

    private static Instant instant(@Nullable FileTime time) {
        return time == null ? Instant.EPOCH : time.toInstant();
    }

    /** Fills all but the inode number and how long it is good. */
    void fill(Attributes out) {
        out.mode = mode;
        out.size = Math.max(0, size);
        out.blocks = out.size / SECTOR + (out.size % SECTOR == 0 ? 0 : 1);
        out.blksize = BLOCK;
        out.nlink = nlink;
        out.uid = uid;
        out.gid = gid;
        out.rdevMajor = rdevMajor;
        out.rdevMinor = rdevMinor;
        Instant time = instant(accessed);
        out.atime = time.getEpochSecond();
        out.atimensec = time.getNano();
        time = instant(modified);
        out.mtime = time.getEpochSecond();
        out.mtimensec = time.getNano();
        time = instant(changed == null ? modified : changed);
        out.ctime = time.getEpochSecond();
        out.ctimensec = time.getNano();
        if (born != null) {
            time = born.toInstant();
            out.btime = time.getEpochSecond();
            out.btimensec = time.getNano();
            out.mask |= StatxBuffer.STATX_BTIME;
        }
    }

    /** Fills the size and time of one that is changed and not yet written back. */
    static void changed(Attributes out, long size, @Nullable Instant time) {
        out.size = size;
        out.blocks = size / SECTOR + (size % SECTOR == 0 ? 0 : 1);
        if (time != null) {
            out.mtime = time.getEpochSecond();
            out.mtimensec = time.getNano();
            out.ctime = out.mtime;
            out.ctimensec = out.mtimensec;
        }
    }
}

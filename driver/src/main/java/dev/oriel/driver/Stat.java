package dev.oriel.driver;

import dev.oriel.fuse.FuseAttr;
import dev.oriel.linux.FileMode;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/**
 * The attributes of a node, as {@code struct fuse_attr} has them.
 *
 * @param ino the inode number
 * @param size bytes
 * @param blocks of 512 bytes each
 * @param mode type and permissions
 * @param rdev of a device node: {@code minor & 0xff | major << 8 | (minor & ~0xff) << 12}
 * @param flags of {@link dev.oriel.fuse.FuseFlags}: ATTR_SUBMOUNT, ATTR_DAX
 */
public record Stat(
        long ino,
        long size,
        long blocks,
        FileTime atime,
        FileTime mtime,
        FileTime ctime,
        int mode,
        int nlink,
        int uid,
        int gid,
        int rdev,
        int blksize,
        int flags) {
    /** Copies what the device wrote. */
    static Stat of(FuseAttr attr) {
        return new Stat(
                attr.ino(),
                attr.size(),
                attr.blocks(),
                time(attr.atime(), attr.atimensec()),
                time(attr.mtime(), attr.mtimensec()),
                time(attr.ctime(), attr.ctimensec()),
                attr.mode(),
                attr.nlink(),
                attr.uid(),
                attr.gid(),
                attr.rdev(),
                attr.blksize(),
                attr.flags());
    }

    /** A time that no calendar knows becomes the nearest one that it knows. */
    static FileTime time(long seconds, int nanos) {
        long clamped = Math.clamp(seconds, Instant.MIN.getEpochSecond(), Instant.MAX.getEpochSecond());
        return FileTime.from(Instant.ofEpochSecond(clamped, Math.clamp(nanos, 0, 999_999_999)));
    }

    /** One of {@code S_IF*} of {@link FileMode}. */
    public int type() {
        return mode & FileMode.S_IFMT;
    }

    public boolean isDirectory() {
        return type() == FileMode.S_IFDIR;
    }

    public boolean isRegularFile() {
        return type() == FileMode.S_IFREG;
    }

    public boolean isSymbolicLink() {
        return type() == FileMode.S_IFLNK;
    }
}

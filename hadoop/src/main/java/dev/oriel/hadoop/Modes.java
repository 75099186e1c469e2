package dev.oriel.hadoop;

import dev.oriel.linux.FileMode;
import org.apache.hadoop.fs.FileStatus;

/** Modes of Linux for what Hadoop tells. */
final class Modes {
    static final int DIRECTORY = FileMode.S_IFDIR;

    /** Permissions and the sticky bit: Hadoop keeps no others. */
    static final int KEPT = 01777;

    private Modes() {}

    /** {@code S_IF*}. */
    static int type(FileStatus status) {
        if (status.isDirectory()) {
            return DIRECTORY;
        }
        return status.isSymlink() ? FileMode.S_IFLNK : FileMode.S_IFREG;
    }

    /** {@code st_mode}. */
    static int mode(FileStatus status) {
        return type(status) | (status.getPermission().toShort() & KEPT);
    }
}

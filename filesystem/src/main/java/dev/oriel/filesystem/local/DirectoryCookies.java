package dev.oriel.filesystem.local;

import dev.oriel.linux.FileCalls;

/** The positions in a directory that the kernel hands out (d_off of getdents64(2)). */
final class DirectoryCookies {
    private static final long EXT4 = 0xef53L;
    private static final long XFS = 0x5846_5342L;
    private static final long BTRFS = 0x9123_683eL;
    private static final long F2FS = 0xf2f5_2010L;

    private DirectoryCookies() {}

    /**
     * Whether they stand for names, as hashes or numbers that outlive the open directory and the removal of other
     * names. Where they count (overlayfs, tmpfs before Linux 6.6) a reader who comes back after removals would skip
     * some.
     *
     * @param directory a descriptor, O_PATH or not
     */
    static boolean areSteady(int directory) {
        ThreadBuffers buffers = ThreadBuffers.current();
        if (FileCalls.fstatfs(directory, buffers.statfs) < 0) {
            return false;
        }
        long type = buffers.statfs.type();
        return type == EXT4 || type == XFS || type == BTRFS || type == F2FS;
    }
}

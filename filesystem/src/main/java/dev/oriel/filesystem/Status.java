package dev.oriel.filesystem;

/** The answer to a STATFS, as statfs(2) tells it. A plain value, used as {@link Attributes} are. */
public final class Status {
    /** The size of the file system, in units of {@link #frsize}. */
    public long blocks;

    /** Free blocks. */
    public long bfree;

    /** Free blocks for unprivileged users. */
    public long bavail;

    /** How many inodes there are. */
    public long files;

    /** Free inodes. */
    public long ffree;

    /** The preferred size of a transfer, bytes. */
    public int bsize;

    /** The longest name of an entry, bytes. */
    public int namelen;

    /** The unit of the block counts, bytes. */
    public int frsize;

    /** Sets everything to zero. */
    public void clear() {
        blocks = 0;
        bfree = 0;
        bavail = 0;
        files = 0;
        ffree = 0;
        bsize = 0;
        namelen = 0;
        frsize = 0;
    }
}

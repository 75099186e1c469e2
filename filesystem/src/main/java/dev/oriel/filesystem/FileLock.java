package dev.oriel.filesystem;

/**
 * A lock on bytes {@link #start} to {@link #end} of a file, both among them: of a GETLK or SETLK, or the one that
 * stands in the way. A plain value, used as {@link Attributes} are.
 */
public final class FileLock {
    /** The first byte, not negative. */
    public long start;

    /**
     * The last byte, not less than {@link #start}; {@code Long.MAX_VALUE} is the end of the file, wherever it will be.
     */
    public long end;

    /** {@code F_RDLCK}, {@code F_WRLCK} or {@code F_UNLCK}. */
    public int type;

    /** The process that holds it, 0 if that is not one of the client's. */
    public int pid;

    /** Sets everything to zero. */
    public void clear() {
        start = 0;
        end = 0;
        type = 0;
        pid = 0;
    }
}

package dev.oriel.filesystem;

/** The answer to an OPEN, OPENDIR or CREATE. A plain value, used as {@link Attributes} are. */
public final class Opened {
    /** The handle, by which the client names the open file until RELEASE; 0 where none is needed. */
    public long fh;

    /** {@code FOPEN_*}. */
    public int openFlags;

    /** Sets everything to zero. */
    public void clear() {
        fh = 0;
        openFlags = 0;
    }
}

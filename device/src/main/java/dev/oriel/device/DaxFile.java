package dev.oriel.device;

import dev.oriel.fuse.FuseAttr;

/** A file of which something is in the window, open for as long as that is so. */
final class DaxFile {
    /** {@link #descriptor} of a file whose own pages cannot be mapped. */
    static final int NO_DESCRIPTOR = -1;

    final long nodeid;
    final long fh;

    /** A descriptor of the host whose pages are the file's, open for reading and writing; the session's, as {@link #fh} is. */
    final int descriptor;

    /** Whether the file could be opened for writing. */
    final boolean writable;

    /** Bytes, as last seen. */
    long size;

    /** Whether others than the client have changed it since its stand-ins were filled. */
    boolean stale;

    private boolean known;
    private long mtime;
    private int mtimeNanoseconds;

    /** How many mappings it has. */
    int mappings;

    DaxFile(long nodeid, long fh, int descriptor, boolean writable) {
        this.nodeid = nodeid;
        this.fh = fh;
        this.descriptor = descriptor;
        this.writable = writable;
    }

    void seen(FuseAttr now) {
        known = true;
        size = now.size();
        mtime = now.mtime();
        mtimeNanoseconds = now.mtimensec();
    }

    /** Whether it was seen before, and otherwise. */
    boolean differsFrom(FuseAttr now) {
        return known && (now.size() != size || now.mtime() != mtime || now.mtimensec() != mtimeNanoseconds);
    }
}

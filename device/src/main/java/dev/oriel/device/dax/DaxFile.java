package dev.oriel.device.dax;

import dev.oriel.filesystem.Attributes;
import dev.oriel.linux.PageCache;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeMap;

/** A file of which something is in the window, or has still to be written, open for as long as that is so. */
final class DaxFile {
    /** {@link #descriptor} and {@link #mappable} of a file whose own pages cannot be mapped. */
    static final int NO_DESCRIPTOR = -1;

    /**
     * A second change within so many ms may leave the times of a file as they are: they are no finer than a tick of the
     * kernel.
     */
    private static final long TICK_MILLIS = 20;

    /** So many ranges in a row, each of which begins where the one before it ended, are no accident. */
    private static final int IN_ORDER = 2;

    /** How far the host reads ahead, bytes. */
    private static final long AHEAD = 4 * DaxWindow.LINUX_RANGE;

    final long nodeid;
    final long fh;

    /**
     * A descriptor of the host whose pages are the file's, open for reading and writing, and on a local file system;
     * the session's, as {@link #fh} is.
     */
    final int mappable;

    /** The same if the front-end is to map it, or {@link #NO_DESCRIPTOR}. */
    final int descriptor;

    /** A descriptor of the host that leads to the file, or less than 0; the session's, as {@link #fh} is. */
    private final int readable;

    /** Whether the file could be opened for writing. */
    final boolean writable;

    /** What of it is in the window. */
    final Set<DaxMapping> mappings = new LinkedHashSet<>();

    /** What of it is kept as it could not be written, by offset in the file. */
    final TreeMap<Long, Unwritten> unwritten = new TreeMap<>();

    /** Bytes, as last seen. */
    long size;

    /** Whether others than the client have changed it since its stand-ins were filled. */
    boolean stale;

    /** Where the range ended that was asked for last, and how many before it began where another ended. */
    private long end;

    private int inOrder;

    /** Up to where the host was told to read. */
    private long ahead;

    private boolean known;
    private boolean justChanged;
    private long mtime;
    private int mtimeNanoseconds;
    private long ctime;
    private int ctimeNanoseconds;

    /**
     * A page that could not be written.
     *
     * @param at where it is in {@link UnwrittenPages}
     * @param length bytes of it that are the file's
     */
    record Unwritten(long at, int length) {}

    DaxFile(long nodeid, long fh, int mappable, boolean direct, boolean writable, int readable) {
        this.nodeid = nodeid;
        this.fh = fh;
        this.mappable = mappable;
        this.descriptor = direct ? mappable : NO_DESCRIPTOR;
        this.writable = writable;
        this.readable = readable;
    }

    /**
     * The client asks for a range. If it asks in order, the host begins to read what will be asked for next, so that
     * neither a copy nor the client's page faults wait for the disk.
     */
    void asked(long fileOffset, long length) {
        inOrder = fileOffset == end && fileOffset > 0 ? inOrder + 1 : 0;
        end = fileOffset + length;
        if (!isReadInOrder()) {
            ahead = end;
        } else if (readable >= 0 && end < size) {
            long from = Math.max(ahead, end);
            ahead = Math.min(end + AHEAD, size);
            PageCache.readAhead(readable, from, ahead - from);
        }
    }

    /** Whether the last ranges were asked for one after another. */
    boolean isReadInOrder() {
        return inOrder >= IN_ORDER;
    }

    void seen(Attributes now) {
        known = true;
        size = now.size;
        mtime = now.mtime;
        mtimeNanoseconds = now.mtimensec;
        ctime = now.ctime;
        ctimeNanoseconds = now.ctimensec;
        long age = System.currentTimeMillis() - (ctime * 1000 + ctimeNanoseconds / 1_000_000);
        justChanged = Math.abs(age) < TICK_MILLIS;
    }

    /** Whether it was seen before, and may be otherwise now. */
    boolean mayDifferFrom(Attributes now) {
        return known
                && (justChanged
                        || now.size != size
                        || now.mtime != mtime
                        || now.mtimensec != mtimeNanoseconds
                        || now.ctime != ctime
                        || now.ctimensec != ctimeNanoseconds);
    }

    boolean isUnused() {
        return mappings.isEmpty() && unwritten.isEmpty();
    }
}

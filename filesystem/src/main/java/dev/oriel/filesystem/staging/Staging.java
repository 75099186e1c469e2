package dev.oriel.filesystem.staging;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * What a server has for staged files: one bound of bytes for all of them, in memory or in a file of a folder. When it
 * is spent, chunks that the store has too are dropped, those of the file first that was not used for longest; when all
 * that is left is changed, a write gets ENOSPC, and a read goes to the store. What a session has changed counts against
 * its {@link #allowance}, until it is written back: so none takes all from the others.
 *
 * <p>For all threads. Its lock is held for a few instructions.
 */
public final class Staging implements AutoCloseable {
    /** The bytes of a chunk. */
    public static final int CHUNK = 128 << 10;

    /** The fewest chunks: a request may need two, and the fetch of a third may be under way. */
    private static final int LEAST = 16;

    private static final int MOST = 1 << 24;

    /** Waits for a store that fetches for another file end here: then the writer gets ENOSPC. */
    private static final long PATIENCE_MILLIS = 2000;

    /** The part that is reserved for sessions that have little. */
    private static final int RESERVED = 8;

    private final StagingArea area;

    /** Chunks that are changed. */
    private final Budget changes;

    /** All files, the one that was not used for longest first. */
    private final SequencedSet<StagedFile> files = new LinkedHashSet<>();

    private Staging(StagingArea area, int sessions) {
        this.area = area;
        changes = new Budget(
                area.places(),
                area.places() / RESERVED,
                sessions,
                1,
                "the guest has written as much as is staged for it at once, and gets ENOSPC until it is written back"
                        + " (in a Linux guest: sync)");
    }

    /**
     * Makes room for staged bytes; nothing is occupied before it is used.
     *
     * @param folder where the file without a name lies that has them; null for memory
     * @param bytes the bound
     * @param sessions how many sessions are guaranteed a part of it
     * @throws LinuxException if there can be no such file
     */
    public static Staging open(@Nullable Path folder, long bytes, int sessions) throws LinuxException {
        return new Staging(StagingArea.open(folder, Math.clamp(bytes / CHUNK, LEAST, MOST)), sessions);
    }

    /** What a session may have changed and not written back, in chunks; {@link Allowance#retire retired} with it. */
    public Allowance allowance() {
        return changes.open();
    }

    /** The bound, bytes. */
    public long limit() {
        return (long) area.places() * CHUNK;
    }

    /** Bytes that are staged now. */
    public long taken() {
        return (long) area.taken() * CHUNK;
    }

    StagingArea area() {
        return area;
    }

    /**
     * Writes all that is changed back to its store.
     *
     * @return 0, or the errno of the first file that could not be written
     */
    public int writeBack() {
        int result = 0;
        for (StagedFile file : files()) {
            int error = file.writeBack();
            result = result == 0 ? error : result;
        }
        return result;
    }

    private List<StagedFile> files() {
        synchronized (files) {
            return new ArrayList<>(files);
        }
    }

    void add(StagedFile file) {
        synchronized (files) {
            files.add(file);
        }
    }

    void remove(StagedFile file) {
        synchronized (files) {
            files.remove(file);
        }
    }

    /** A file is used. */
    void used(StagedFile file) {
        synchronized (files) {
            if (files.contains(file)) {
                files.addLast(file);
            }
        }
    }

    /**
     * Takes a place for a chunk, for a thread that has the lock of {@code file} only.
     *
     * @return the place; {@link StagingArea#NONE} if all are taken
     */
    int take(StagedFile file) {
        int place = area.take();
        if (place != StagingArea.NONE) {
            return place;
        }
        for (StagedFile other : files()) {
            if (other != file && other.dropUnchanged(0)) {
                place = area.take();
                if (place != StagingArea.NONE) {
                    return place;
                }
            }
        }
        return StagingArea.NONE;
    }

    /** Waits for files that are busy, and drops what the store has of them. For a thread that has no lock. */
    int makeRoom() {
        for (StagedFile file : files()) {
            if (area.taken() < area.places()) {
                return 0;
            }
            boolean _ = file.dropUnchanged(PATIENCE_MILLIS);
        }
        return area.taken() < area.places() ? 0 : -Errno.ENOSPC;
    }

    /** Ends it. All files have been closed; what they had not written back is lost. */
    @Override
    public void close() {
        area.close();
    }
}

package dev.oriel.hadoop;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.linux.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.jspecify.annotations.Nullable;

/**
 * Reads a directory as far as somebody asks for its entries: the cluster tells some hundred at a time. What was read
 * last is kept, as a client asks again for what it had no room for. Who goes back further, or begins in the middle, has
 * the directory read from its beginning. Not for several threads.
 *
 * <pre>
 *   place   0           first            first + entries.size()
 *           +-----------+----------------+----------------------+
 *           | forgotten | entries        | rest: not yet read   |
 *           +-----------+----------------+----------------------+
 * </pre>
 */
final class DirectoryReader {
    /** So many entries before the place that is sought are kept, if they were read. */
    private static final int KEPT = 256;

    /** Heap of what the cluster tells of an entry, beside its name. */
    private static final long ENTRY_BYTES = 400;

    /** Heap of what the cluster has told at once, and Hadoop has not given yet. */
    private static final long UNREAD_BYTES = 1000 * ENTRY_BYTES;

    private final Allowance memory;
    private final List<FileStatus> entries = new ArrayList<>();
    private long first;
    private long sought;
    private long place;

    /** What was not read yet; null if nothing is left, or nothing was begun. */
    private @Nullable RemoteIterator<FileStatus> rest;

    /** Of which directory it is; null if none was begun. */
    private @Nullable Path directory;

    private long begunAt;
    private int failure;

    /** @param memory bytes of heap, for the entries */
    DirectoryReader(Allowance memory) {
        this.memory = memory;
    }

    /** What was replaced and changed when the directory was begun: sizes that are told may be of then. */
    long begunAt() {
        return begunAt;
    }

    /** 0; or the errno for which {@link #next} told no entry. */
    int failure() {
        return failure;
    }

    /**
     * Goes to a place, from which {@link #next} reads on.
     *
     * @param path where the directory is now
     * @param before how many entries come before it; where there are fewer, it is behind the last
     */
    void seek(Cluster cluster, Path path, long before) {
        sought = before;
        place = before;
        failure = 0;
        if (place < first || !path.equals(directory)) {
            clear();
            begunAt = cluster.replacements().changes();
            failure = memory.take(UNREAD_BYTES) ? begin(cluster, path) : -Errno.ENOMEM;
        }
        forgetOldest();
    }

    private int begin(Cluster cluster, Path path) {
        int result = (int) cluster.ask(() -> {
            rest = cluster.files().listStatusIterator(path);
            return 0;
        });
        if (result == 0) {
            directory = path;
        } else {
            memory.give(UNREAD_BYTES);
        }
        return result;
    }

    /** The entry at the place, which moves on; null behind the last one, and where the cluster fails. */
    @Nullable
    FileStatus next(Cluster cluster) {
        RemoteIterator<FileStatus> unread = rest;
        if (failure == 0 && unread != null && place >= read()) {
            failure = (int) cluster.ask(() -> readTo(place, unread));
        }
        if (failure != 0) {
            clear();
            return null;
        }
        return place < read() ? entries.get((int) (place++ - first)) : null;
    }

    /** The place behind what was read. */
    private long read() {
        return first + entries.size();
    }

    private int readTo(long end, RemoteIterator<FileStatus> unread) throws IOException {
        while (read() <= end && unread.hasNext()) {
            FileStatus entry = unread.next();
            String name = entry.getPath().getName();
            if (!HadoopState.isShown(name)) {
                continue;
            }
            if (!memory.take(bytes(entry))) {
                return -Errno.ENOMEM;
            }
            entries.add(entry);
            forgetOldest();
        }
        if (read() <= end) {
            finish();
        }
        return 0;
    }

    private static long bytes(FileStatus entry) {
        return ENTRY_BYTES + entry.getPath().getName().length();
    }

    /** Forgets some that are far before what is sought, if there are many. */
    private void forgetOldest() {
        long count = Math.min(sought - KEPT - first, entries.size());
        if (count >= KEPT) {
            forget((int) count);
        }
    }

    private void forget(int count) {
        List<FileStatus> oldest = entries.subList(0, count);
        memory.give(oldest.stream().mapToLong(DirectoryReader::bytes).sum());
        oldest.clear();
        first += count;
    }

    /** Forgets all that was read, and reads no further. */
    void clear() {
        forget(entries.size());
        first = 0;
        directory = null;
        finish();
    }

    private void finish() {
        RemoteIterator<FileStatus> finished = rest;
        if (finished == null) {
            return;
        }
        rest = null;
        memory.give(UNREAD_BYTES);
        if (finished instanceof Closeable open) {
            try {
                open.close();
            } catch (IOException | RuntimeException _) {
                // nothing is asked of it any more
            }
        }
    }
}

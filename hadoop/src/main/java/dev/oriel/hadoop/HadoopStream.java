package dev.oriel.hadoop;

import dev.oriel.linux.IoVector;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.EnumSet;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.client.HdfsDataOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * What is written at the end of a file, on its way to the cluster: Hadoop's client sends it by a thread of its own, so
 * a write waits only if much is under way. Under the lock of the file, but for {@link #end} and {@link #written}.
 */
final class HadoopStream {
    private static final String SYNC = "hsync";
    private static final int MOST_AT_ONCE = 1 << 30;

    private final Cluster cluster;
    private final FSDataOutputStream out;
    private volatile long end;
    private volatile @Nullable Instant written;
    private boolean isUnsynced;

    /**
     * Begins to write at the end of a file. In a store of objects the file is new, if only by this.
     *
     * @throws UnsupportedOperationException if nothing can be appended, or too many files stream
     */
    static HadoopStream at(Cluster cluster, Path path, long end) throws IOException {
        ObjectStore objects = cluster.objects();
        if (objects == null) {
            return new HadoopStream(cluster, cluster.files().append(path), end);
        }
        if (end > 0 || !objects.tryStream()) {
            throw new UnsupportedOperationException(path + " cannot be appended to");
        }
        boolean isOpen = false;
        try {
            HadoopStream stream = new HadoopStream(cluster, objects.stream(path), 0);
            stream.written = Instant.now();
            stream.isUnsynced = true;
            isOpen = true;
            return stream;
        } finally {
            if (!isOpen) {
                objects.endStream();
            }
        }
    }

    /**
     * Drops all that a file holds.
     *
     * @return a stream to what it is to hold instead: until that is complete, what was there stays; null if it is empty
     * @throws UnsupportedOperationException if that cannot be done now
     */
    static @Nullable HadoopStream empty(Cluster cluster, Path path) throws IOException {
        if (cluster.objects() != null) {
            return at(cluster, path, 0);
        }
        if (cluster.files().getFileStatus(path).getLen() > 0 && !cluster.files().truncate(path, 0)) {
            throw new UnsupportedOperationException(path + " is truncated later");
        }
        return null;
    }

    /** @param end how long the file is that it appends to, bytes */
    HadoopStream(Cluster cluster, FSDataOutputStream out, long end) {
        this.cluster = cluster;
        this.out = out;
        this.end = end;
    }

    /** The size of the file with all that was appended, bytes. */
    long end() {
        return end;
    }

    /** When something was appended last; null if nothing was. */
    @Nullable
    Instant written() {
        return written;
    }

    /** That time is told to be another. */
    void written(Instant time) {
        written = time;
    }

    /** Whether the cluster may not know of all that was appended. */
    boolean isUnsynced() {
        return isUnsynced;
    }

    /** Whether it can have the cluster know without its end. */
    boolean canSync() {
        return out.hasCapability(SYNC);
    }

    /** Appends: how many bytes, or an errno. */
    long append(IoVector from) {
        long count = cluster.ask(() -> {
            byte[] bytes = ThreadBytes.atLeast((int) Math.min(from.bytes(), MOST_AT_ONCE));
            long copied = from.copyTo(MemorySegment.ofArray(bytes), 0);
            out.write(bytes, 0, (int) copied);
            return copied;
        });
        if (count > 0) {
            long before = end;
            end = before + count;
            written = Instant.now();
            isUnsynced = true;
        }
        return count;
    }

    /** Has the cluster keep all that was appended, and know the size: 0 or an errno. */
    int sync() {
        int result = (int) cluster.ask(() -> {
            if (out instanceof HdfsDataOutputStream hdfs) {
                hdfs.hsync(EnumSet.of(HdfsDataOutputStream.SyncFlag.UPDATE_LENGTH));
            } else {
                out.hsync();
            }
            return 0;
        });
        isUnsynced = result != 0;
        return result;
    }

    /** Ends it, and the file is complete: 0 or an errno. */
    int close() {
        int result = (int) cluster.ask(() -> {
            out.close();
            return 0;
        });
        if (result == 0) {
            ended();
        }
        return result;
    }

    private void ended() {
        ObjectStore objects = cluster.objects();
        if (objects != null) {
            objects.endStream();
        }
    }

    /** Gives it up, because it has failed. */
    void abandon(Path path) {
        cluster.abandon(out, path);
        ended();
    }
}

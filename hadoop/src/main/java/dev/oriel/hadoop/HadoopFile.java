package dev.oriel.hadoop;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.staging.StagedFile;
import dev.oriel.filesystem.staging.StagedOpen;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.jspecify.annotations.Nullable;

/**
 * A file that is open, once for all sessions. What is written at its end streams to the cluster, as long as nothing
 * else is written; the first write elsewhere ends the stream, and from then on what is written is staged until fsync(2)
 * or close(2).
 *
 * <p>Operations answer 0, a count, or {@code -errno}. They wait: call them where a request may block.
 */
final class HadoopFile {
    private static final System.Logger LOG = System.getLogger("dev.oriel.hadoop");

    private final Cluster cluster;
    private final Place place;
    private final HadoopStore store;
    private final StagedFile staged;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable HadoopStream stream;

    /** Whether the staged file has not looked at the store since something streamed. */
    private boolean isBehind;

    /** Whether the cluster told of another file than the one that is read: another client has written to it. */
    private volatile boolean isOutdated;

    private final PendingTimes times = new PendingTimes();
    private volatile @Nullable FileStatus removed;
    private int opens;
    private int writers;
    private long errorNumber;
    private int error;

    HadoopFile(Cluster cluster, Place place) {
        this.cluster = cluster;
        this.place = place;
        store = new HadoopStore(cluster, place);
        staged = new StagedFile(cluster.staging(), store);
    }

    Place place() {
        return place;
    }

    /**
     * Opens it.
     *
     * @param created a stream to the file, which was just made; null if it was there
     * @param truncates whether all that it holds is dropped
     * @return 0 or an errno: then it is not open
     */
    int open(OpenHadoopFile handle, @Nullable FSDataOutputStream created, boolean truncates, Allowance payer) {
        lock.lock();
        try {
            int result = stream == null && created == null ? renew() : 0;
            if (created != null) {
                stream = new HadoopStream(cluster, created, 0);
                isBehind = true;
            }
            StagedOpen open = staged.open(payer);
            if (result == 0 && truncates) {
                result = cut(0);
            }
            if (result != 0) {
                int _ = open.close();
                return result;
            }
            opens++;
            writers += handle.writes() ? 1 : 0;
            handle.opened(open, errorNumber);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    private int renew() {
        return (int) cluster.ask(staged::renew);
    }

    /** Its size, bytes. */
    long size() {
        HadoopStream streaming = streaming();
        return streaming != null ? streaming.end() : staged.size();
    }

    /** When something was written that the store does not know of; null if there is no such thing. */
    @Nullable
    Instant written() {
        HadoopStream streaming = streaming();
        return streaming != null ? streaming.written() : staged.modified();
    }

    /** Whether the store knows less than this. */
    boolean isAhead() {
        return streaming() != null || staged.modified() != null;
    }

    /** The cluster has told of the file: if that is not what is read, the next read looks again. Any thread. */
    void told(FileStatus status) {
        if (store.isAnother(status)) {
            isOutdated = true;
        }
    }

    private @Nullable HadoopStream streaming() {
        lock.lock();
        try {
            return stream;
        } finally {
            lock.unlock();
        }
    }

    long read(long offset, IoVector to) {
        lock.lock();
        try {
            int result = isBehind || isOutdated ? lookAgain() : 0;
            if (result != 0) {
                return result;
            }
        } finally {
            lock.unlock();
        }
        return cluster.ask(() -> staged.read(offset, to));
    }

    private int lookAgain() {
        int result = settle();
        if (result != 0) {
            return result;
        }
        isOutdated = false;
        if (isBehind) {
            store.forget();
        }
        result = renew();
        isBehind = result != 0 && isBehind;
        isOutdated |= result != 0;
        return result;
    }

    /** Reads what is staged; {@code WOULD_BLOCK} if anything has to be waited for. */
    long readNow(long offset, IoVector to) {
        if (!lock.tryLock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        try {
            return isBehind || isOutdated ? FileSystemSession.WOULD_BLOCK : staged.readNow(offset, to);
        } finally {
            lock.unlock();
        }
    }

    /** @param prefersStream whether the open is for writing only, and so rather for what comes in order */
    long write(long wanted, IoVector from, boolean atEnd, boolean prefersStream, Allowance payer) {
        lock.lock();
        try {
            long offset = atEnd ? size() : wanted;
            boolean isAtRest = stream == null && removed == null && staged.modified() == null;
            if (isAtRest && prefersStream && offset == staged.size()) {
                int result = beginStream(offset);
                if (result != 0 && result != -Errno.EOPNOTSUPP) {
                    return result;
                }
            }
            HadoopStream streaming = stream;
            if (streaming != null && offset == streaming.end()) {
                return append(streaming, from);
            }
            int result = endStream();
            return result != 0 ? result : cluster.ask(() -> staged.write(offset, from, payer));
        } finally {
            lock.unlock();
        }
    }

    private int beginStream(long offset) {
        int result = renew();
        if (result != 0 || staged.size() != offset) {
            return result == 0 ? -Errno.EOPNOTSUPP : result;
        }
        return (int) cluster.ask(() -> {
            stream = HadoopStream.at(cluster, place.path(), offset);
            return 0;
        });
    }

    private long append(HadoopStream streaming, IoVector from) {
        long count = streaming.append(from);
        if (count < 0) {
            failed((int) count);
            return count;
        }
        times.written();
        isBehind = true;
        return count;
    }

    /** What was streamed cannot be had to the cluster: it is given up, and all who have the file open are told. */
    private void failed(int result) {
        error = -result;
        errorNumber++;
        HadoopStream streaming = stream;
        stream = null;
        if (streaming != null) {
            streaming.abandon(place.path());
        }
        store.forget();
        int _ = renew();
        isBehind = false;
    }

    /** Has the cluster know all that was streamed. */
    private int settle() {
        HadoopStream streaming = stream;
        if (streaming == null || !streaming.isUnsynced()) {
            return 0;
        }
        if (!streaming.canSync()) {
            return endStream();
        }
        int result = streaming.sync();
        if (result != 0) {
            failed(result);
        }
        return result;
    }

    /** Ends the stream, if there is one: the file is complete then. */
    private int endStream() {
        HadoopStream streaming = stream;
        if (streaming == null) {
            return 0;
        }
        int result = streaming.close();
        if (result != 0) {
            failed(result);
            return result;
        }
        stream = null;
        isBehind = false;
        store.forget();
        result = renew();
        int timed = setTimes();
        return result != 0 ? result : timed;
    }

    private int setTimes() {
        int result = times.apply(cluster, place.path());
        int renewed = result == PendingTimes.NONE ? 0 : renew();
        return result < 0 ? result : renewed;
    }

    /**
     * Sets times, ms; -1: as it is. While it streams they are set when that ends, once more; what is staged is written
     * back first.
     */
    int times(long modified, long accessed, Allowance payer) {
        return locked(() -> {
            int result = settle();
            if (staged.modified() != null) {
                StagedOpen own = staged.open(payer);
                int back = (int) cluster.ask(own::close);
                result = result != 0 ? result : back;
            }
            times.set(modified, accessed);
            HadoopStream streaming = stream;
            if (streaming == null) {
                return result != 0 ? result : setTimes();
            }
            if (modified >= 0) {
                streaming.written(Instant.ofEpochMilli(modified));
            }
            return result;
        });
    }

    /** It is as if all of it had been written now. */
    int touch() {
        return atRest(staged::touch);
    }

    /** Does something while nothing streams; what is staged is written back to where the file is then. */
    int atRest(IntSupplier operation) {
        return locked(() -> {
            int result = endStream();
            return result != 0 ? result : operation.getAsInt();
        });
    }

    int truncate(long size) {
        return locked(() -> cut(size));
    }

    private int cut(long size) {
        int result = endStream();
        if (result != 0 || size == staged.size()) {
            return result;
        }
        if (size == 0 && removed == null && staged.modified() == null) {
            result = (int) cluster.ask(() -> {
                stream = HadoopStream.empty(cluster, place.path());
                return 0;
            });
            if (result != -Errno.EOPNOTSUPP) {
                store.forget();
                isBehind = stream != null;
                return result != 0 || isBehind ? result : renew();
            }
        }
        return staged.truncate(size);
    }

    /** Makes bytes zeros, or, without {@code zeroes}, sees that the file has as many. */
    int allocate(long offset, long length, boolean zeroes, Allowance payer) {
        return locked(() -> {
            int result = endStream();
            if (result == 0 && !zeroes) {
                return offset + length > staged.size() ? staged.truncate(offset + length) : 0;
            }
            return result != 0 ? result : (int) cluster.ask(() -> staged.zero(offset, length, payer));
        });
    }

    /** Has the cluster keep what was written so far, and tells what could not be, once to each open. */
    int sync(OpenHadoopFile handle) {
        return locked(() -> {
            int now = settle();
            int before = told(handle);
            int result = (int) cluster.ask(() -> handle.staged().writeBack());
            return now != 0 ? now : before != 0 ? before : result;
        });
    }

    /** Has the cluster know all that was streamed, whoever has it open. */
    int settleNow() {
        return locked(this::settle);
    }

    private int locked(IntSupplier operation) {
        lock.lock();
        try {
            return operation.getAsInt();
        } finally {
            lock.unlock();
        }
    }

    private int told(OpenHadoopFile handle) {
        return handle.toldUntil(errorNumber) ? -error : 0;
    }

    /** Keeps all that there is here, because the file is about to be removed. */
    int keep() {
        return atRest(() -> (int) cluster.ask(staged::keep));
    }

    /** The cluster does not have it any more. */
    void removed(FileStatus last) {
        int _ = locked(() -> {
            removed = last;
            discardIfLost(0);
            return 0;
        });
    }

    /** What nobody has open, and the cluster does not have any more, is not staged for ever. */
    private void discardIfLost(int written) {
        if (opens == 0 && (removed != null || written == -Errno.ENOENT)) {
            staged.discard();
        }
    }

    /** What the cluster told of it before it was removed; null if it is still there. */
    @Nullable
    FileStatus removed() {
        return removed;
    }

    /** It is not removed after all: what was kept is written back. */
    void unkeep() {
        int _ = locked(() -> {
            if (removed == null) { // by another meanwhile
                staged.unkeep();
            }
            return 0;
        });
    }

    /** An open of it ends. */
    int close(OpenHadoopFile handle) {
        return locked(() -> {
            opens--;
            writers -= handle.writes() ? 1 : 0;
            int ended = writers == 0 ? endStream() : 0;
            int written = (int) cluster.ask(() -> handle.staged().close());
            discardIfLost(written);
            int result = ended != 0 ? ended : written;
            if (result != 0) {
                LOG.log(
                        Level.WARNING,
                        "{0}: what a guest wrote could not be written back: {1}",
                        place.path(),
                        Errno.name(-result));
            }
            return result;
        });
    }

    boolean isUsed() {
        return opens > 0 || staged.isUsed();
    }
}

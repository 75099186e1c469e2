package dev.oriel.filesystem.staging;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One file of a {@link StagedStore}, with what of it is staged here. All that opens the file has the same object, so
 * all see what was written, in the store or not.
 *
 * <p>Operations answer 0, a count, or {@code -errno}; nothing is thrown. They wait for the store, one at a time for one
 * file: call them where a request may block.
 */
public final class StagedFile {
    private static final int CHUNK = Staging.CHUNK;
    private static final long UNCHANGED = Long.MAX_VALUE;

    private final ReentrantLock lock = new ReentrantLock();
    private final Staging staging;
    private final StagedStore store;
    private final Chunks chunks;

    private volatile long size;

    /** When it was changed last, of what is not written back. */
    private volatile @Nullable Instant modified;

    /** Where what is changed begins. */
    private volatile long changedFrom = UNCHANGED;

    /** What the store had when it was asked last; null if that is not known any more. */
    private @Nullable Object stamp;

    private volatile boolean isKept;
    private @Nullable Allowance opener;
    private volatile int opens;

    /** How often a write-back failed, why it did the last time, and whether somebody was told. */
    private long errorNumber;

    private int error;
    private boolean isErrorSeen;

    /**
     * A file of which nothing is staged. {@link #renew} it before it is used.
     *
     * @param staging where chunks are kept
     */
    public StagedFile(Staging staging, StagedStore store) {
        this.staging = staging;
        this.store = store;
        chunks = new Chunks(this, staging, store);
    }

    /** Opens it; {@code by} pays for what must be kept here if the store loses it while it is open. */
    public StagedOpen open(Allowance by) {
        lock.lock();
        try {
            opener = by;
            int others = opens;
            opens = others + 1;
            staging.add(this);
            return new StagedOpen(this, isErrorSeen ? errorNumber : Math.max(0, errorNumber - 1));
        } finally {
            lock.unlock();
        }
    }

    /** One open is closed. What could not be written back stays, for the next open or {@link Staging#writeBack}. */
    void closed() {
        lock.lock();
        try {
            int before = opens;
            opens = before - 1;
            leaveIfUnused();
        } finally {
            lock.unlock();
        }
    }

    private void leaveIfUnused() {
        if (opens == 0 && (changedFrom == UNCHANGED || isKept)) {
            chunks.clear();
            stamp = null;
            staging.remove(this);
            rest();
        }
    }

    private void rest() {
        try {
            store.rest();
        } catch (Throwable thrown) {
            int _ = ThrownErrno.of(thrown); // there is nobody to tell
        }
    }

    /**
     * Whether it is open, or has something that is not written back: then its owner must not forget it. Waits for
     * nothing: what is just being written back is not written back yet.
     */
    public boolean isUsed() {
        return opens > 0 || (changedFrom != UNCHANGED && !isKept);
    }

    /** Its size, bytes. */
    public long size() {
        return size;
    }

    /** When it was changed last, if that is not written back; otherwise null, and the store knows. */
    public @Nullable Instant modified() {
        return modified;
    }

    /**
     * Asks the store what it has, as an open does: if another has changed the file, and nothing is changed here, what
     * is staged is dropped. What is changed here wins.
     */
    public int renew() {
        lock.lock();
        try {
            if (changedFrom != UNCHANGED || isKept) {
                return 0;
            }
            StagedStore.Version version = store.version();
            if (!version.stamp().equals(stamp) || version.size() != size) {
                chunks.clear();
                rest(); // what the store has open may be what was there before
                size = Math.max(0, version.size());
                chunks.begin(size);
                stamp = version.stamp();
            }
            return 0;
        } catch (Throwable thrown) {
            return ThrownErrno.of(thrown);
        } finally {
            lock.unlock();
        }
    }

    /** Reads into memory of a client, up to the end of the file. */
    public long read(long offset, IoVector to) {
        staging.used(this);
        lock.lock();
        try {
            return chunks.read(offset, Math.clamp(size - offset, 0, to.bytes()), to);
        } catch (Throwable thrown) {
            return ThrownErrno.of(thrown);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads what is staged, and waits for nothing.
     *
     * @return as {@link #read}; {@link FileSystemSession#WOULD_BLOCK} if the store has to be asked, or somebody else
     *     uses the file
     */
    public long readNow(long offset, IoVector to) {
        if (!lock.tryLock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        try {
            return chunks.readNow(offset, Math.clamp(size - offset, 0, to.bytes()), to);
        } finally {
            lock.unlock();
        }
    }

    /** Writes from memory of a client, whose {@link Staging#allowance} pays for it. */
    public long write(long offset, IoVector from, Allowance payer) {
        long result = tryWrite(offset, from, false, payer);
        return spent(
                result == -Errno.ENOSPC && staging.makeRoom() == 0 ? tryWrite(offset, from, false, payer) : result);
    }

    /** Writes behind the end of the file, wherever that is: how many bytes, or an errno. */
    public long append(IoVector from, Allowance payer) {
        long result = tryWrite(0, from, true, payer);
        return spent(result == -Errno.ENOSPC && staging.makeRoom() == 0 ? tryWrite(0, from, true, payer) : result);
    }

    private static long spent(long result) {
        return result == Chunks.SPENT ? -Errno.ENOSPC : result;
    }

    private long tryWrite(long wanted, IoVector from, boolean atEnd, Allowance payer) {
        staging.used(this);
        long done = 0;
        lock.lock();
        try {
            long offset = atEnd ? size : wanted;
            int error = grows(offset, from.bytes());
            if (error != 0) {
                return error;
            }
            IoVector part = Scratch.current().part;
            while (done < from.bytes()) {
                long at = offset + done;
                long length = part.slice(from, done, Math.min(from.bytes() - done, CHUNK - at % CHUNK));
                if (length == 0) {
                    break;
                }
                long written = chunks.write(at / CHUNK, (int) (at % CHUNK), part, payer);
                if (written <= 0) {
                    return done > 0 || written == 0 ? done : written;
                }
                done += written;
                changed(Math.min(at, size));
                size = Math.max(size, at + written);
            }
            return done;
        } catch (Throwable thrown) {
            return done > 0 ? done : ThrownErrno.of(thrown);
        } finally {
            lock.unlock();
        }
    }

    private void changed(long from) {
        changedFrom = Math.min(changedFrom, from);
        modified = Instant.now();
    }

    /**
     * Whether the file may become as long. What is written back is as long as the file, holes and all: so it grows by
     * no more than what can be staged, until it is written back.
     */
    private int grows(long offset, long length) {
        if (offset < 0 || length < 0 || offset + length < 0) {
            return -Errno.EINVAL;
        }
        return offset + length > size && offset + length - staging.limit() > chunks.base() ? -Errno.EFBIG : 0;
    }

    /** Sets its size: what is cut off is gone, and what it grows by is zeros. */
    public int truncate(long newSize) {
        lock.lock();
        try {
            int error = grows(newSize, 0);
            if (error == 0 && newSize < size) {
                error = chunks.cut(newSize);
            }
            if (error == 0 && newSize != size) {
                changed(Math.min(newSize, size));
                size = newSize;
            }
            return error;
        } catch (Throwable thrown) {
            return ThrownErrno.of(thrown);
        } finally {
            lock.unlock();
        }
    }

    /** Has all of it written back, as if it were changed: for a store that keeps no time but that of the last write. */
    public int touch() {
        lock.lock();
        try {
            changed(size);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /** Makes bytes zeros, as far as the file has them. */
    public int zero(long offset, long length, Allowance payer) {
        if (offset < 0 || length < 0 || offset + length < 0) {
            return -Errno.EINVAL;
        }
        int result = tryZero(offset, length, payer);
        return (int)
                spent(result == -Errno.ENOSPC && staging.makeRoom() == 0 ? tryZero(offset, length, payer) : result);
    }

    private int tryZero(long offset, long length, Allowance payer) {
        lock.lock();
        try {
            long end = Math.min(offset + length, size);
            int error = 0;
            for (long at = offset; at < end && error == 0; at += CHUNK - at % CHUNK) {
                int part = (int) Math.min(end - at, CHUNK - at % CHUNK);
                error = chunks.zero(at / CHUNK, (int) (at % CHUNK), part, payer);
                changed(at);
            }
            return error;
        } catch (Throwable thrown) {
            return ThrownErrno.of(thrown);
        } finally {
            lock.unlock();
        }
    }

    /** Writes back what is changed, by its tail if the store can do that: 0 or an errno; each open is told once. */
    int writeBack() {
        lock.lock();
        try {
            if (changedFrom == UNCHANGED || isKept) {
                return 0;
            }
            StagedBytes bytes = new WholeFile(chunks, size);
            boolean done = changedFrom > 0
                    && changedFrom <= chunks.base()
                    && chunks.stageFrom(changedFrom)
                    && store.replaceTail(changedFrom, bytes);
            if (!done) {
                store.replace(bytes);
            }
            changedFrom = UNCHANGED;
            modified = null;
            chunks.written(size);
            stamp = null;
            stamp = stampOf(size);
            leaveIfUnused();
            return 0;
        } catch (Throwable thrown) {
            error = -ThrownErrno.of(thrown);
            errorNumber++;
            isErrorSeen = false;
            return -error;
        } finally {
            lock.unlock();
        }
    }

    /** What the store tells of what was just written; null if it cannot, or if another has written since. */
    private @Nullable Object stampOf(long expected) {
        try {
            StagedStore.Version version = store.version();
            return version.size() == expected ? version.stamp() : null;
        } catch (Throwable unknown) {
            return null;
        }
    }

    /**
     * Stages all that there is, because the store is about to lose the file while it is open: from then on it is only
     * here, and nothing is written back.
     *
     * @return 0; or an errno, if the store cannot be read or there is no room, and then it is as before
     */
    public int keep() {
        lock.lock();
        try {
            Allowance payer = opener;
            if (payer == null || !chunks.stageFrom(0) || !chunks.keep(payer)) {
                return -Errno.ENOSPC;
            }
            isKept = true;
            return 0;
        } catch (Throwable thrown) {
            return ThrownErrno.of(thrown);
        } finally {
            lock.unlock();
        }
    }

    /** The store has the file after all: what {@link #keep} said does not hold. */
    public void unkeep() {
        lock.lock();
        try {
            if (isKept && changedFrom == UNCHANGED) {
                chunks.written(size); // the store has all of it, as before
                isKept = false;
            } else if (isKept) {
                isKept = false;
                changed(0);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all that is staged, changed or not: the file is removed, or its last owner gives up. */
    public void discard() {
        lock.lock();
        try {
            chunks.clear();
            changedFrom = UNCHANGED;
            modified = null;
            stamp = null;
            isKept = true;
            size = 0;
            chunks.begin(0);
            leaveIfUnused();
        } finally {
            lock.unlock();
        }
    }

    /** Drops chunks that the store has too, if the lock can be had in time; false if there were none. */
    boolean dropUnchanged(long millis) {
        boolean locked;
        try {
            locked = lock.tryLock() || (millis > 0 && lock.tryLock(millis, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        if (!locked) {
            return false;
        }
        try {
            return chunks.dropUnchanged();
        } finally {
            lock.unlock();
        }
    }

    long errorNumber() {
        lock.lock();
        try {
            return errorNumber;
        } finally {
            lock.unlock();
        }
    }

    /** The last error: an open that begins from now on hears nothing of it. */
    int tellError() {
        lock.lock();
        try {
            isErrorSeen = true;
            return error;
        } finally {
            lock.unlock();
        }
    }
}

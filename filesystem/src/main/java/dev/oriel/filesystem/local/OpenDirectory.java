package dev.oriel.filesystem.local;

import dev.oriel.linux.DirentReader;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.NameCalls;
import dev.oriel.linux.Seek;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An open directory, and how far it was read. Entries that the kernel gave and the client has not taken yet wait in a
 * buffer, so that a client that goes on where it stopped costs no seek. One that is gone on the host has no descriptor,
 * and no entries.
 *
 * <p>All but the constructor and {@link #lock} is for the thread that holds the lock.
 */
final class OpenDirectory extends OpenHandle {
    /** In place of a descriptor. */
    static final int GONE = -1;

    private final ReentrantLock lock = new ReentrantLock();
    private final DirentBuffers pool;

    /** The pool's, or of the reading thread until {@link #pause}. */
    private DirentBuffers.@Nullable Buffer buffer;

    /** Whether {@link #buffer} is of the reading thread. */
    private boolean lent;

    /** The offset of the entry that comes next: where the client has to go on to get it. */
    private long position;

    /**
     * Whether the kernel stands elsewhere than at {@link #position}, and nothing of what is between is in the buffer.
     */
    private boolean astray;

    /** Whether the reader stands at an entry that was not delivered. */
    private boolean pending;

    OpenDirectory(int descriptor, long nodeid, DirentBuffers pool) {
        super(descriptor, nodeid);
        this.pool = pool;
    }

    boolean isGone() {
        return descriptor() == GONE;
    }

    ReentrantLock lock() {
        return lock;
    }

    /**
     * Goes to an offset.
     *
     * @return 0 or an errno
     */
    int seek(long offset) {
        if (isGone() || (offset == position && offset != 0 && !astray)) {
            return 0;
        }
        // The start is always read anew: rewinddir(3) shows what came and went since.
        long result = FileCalls.lseek(descriptor(), offset, Seek.SEEK_SET);
        if (result < 0) {
            return (int) result;
        }
        position = offset;
        astray = false;
        pending = false;
        if (buffer != null) {
            buffer.reader().reset(0);
        }
        return 0;
    }

    /**
     * Goes to the next entry that was not delivered.
     *
     * @return 1; 0 at the end, or an errno
     */
    int next(ThreadBuffers buffers) {
        if (pending) {
            return 1;
        }
        if (isGone()) {
            return 0;
        }
        DirentBuffers.Buffer from = buffer;
        if (from == null) {
            from = pool.take(this);
            lent = from == null;
            if (from == null) {
                from = buffers.direntBuffer();
                from.reader().reset(0);
            }
            buffer = from;
        }
        if (!from.reader().next()) {
            int filled = NameCalls.getdents64(descriptor(), from.memory(), DirentBuffers.SIZE);
            from.reader().reset(Math.max(filled, 0));
            if (filled <= 0) {
                letGo();
                return filled;
            }
            if (!from.reader().next()) {
                return 0;
            }
        }
        pending = true;
        return 1;
    }

    /** The entry that {@link #next} went to. */
    DirentReader entry() {
        return require().reader();
    }

    /** The memory that its name is in. */
    MemorySegment memory() {
        return require().memory();
    }

    private DirentBuffers.Buffer require() {
        DirentBuffers.Buffer held = buffer;
        if (held == null) {
            throw new IllegalStateException("no entry was read");
        }
        return held;
    }

    /** The entry was delivered. */
    void delivered() {
        position = entry().off();
        pending = false;
    }

    /** The client is answered: the thread takes back what it has lent. */
    void pause() {
        if (lent) {
            buffer = null;
            lent = false;
            pending = false;
            astray = true;
        }
    }

    /** Gives the buffer to another directory; null if it has none from the pool. */
    DirentBuffers.@Nullable Buffer surrender() {
        DirentBuffers.Buffer held = lent ? null : buffer;
        if (held != null) {
            buffer = null;
            pending = false;
            astray = true;
        }
        return held;
    }

    /** Nothing waits in the buffer any more. */
    private void letGo() {
        DirentBuffers.Buffer held = buffer;
        if (held != null && !lent) {
            buffer = null;
            pool.give(this, held);
        }
    }

    @Override
    protected void dispose() {
        if (!isGone()) {
            super.dispose();
        }
        lock.lock();
        try {
            letGo();
        } finally {
            lock.unlock();
        }
    }
}

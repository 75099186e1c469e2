package dev.oriel.filesystem.local;

import dev.oriel.linux.DirentReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The buffers for getdents64(2) that one session has: a bounded number, however many directories are open. A directory
 * holds one as long as it has entries that the client has not taken. If there is no other, the one that holds its
 * buffer longest loses it, and reads on from where the client is.
 */
final class DirentBuffers {
    /** Bytes of a buffer: what glibc's readdir takes too. */
    static final int SIZE = 32 * 1024;

    /** How many of them. */
    static final int MOST = 32;

    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Buffer> spare = new ArrayDeque<>();

    /** Those that hold a buffer, the longest first. */
    private final ArrayDeque<OpenDirectory> holders = new ArrayDeque<>();

    private int made;

    /** Memory, and a reader over it. */
    static final class Buffer {
        private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, Long.BYTES);
        private final DirentReader reader = new DirentReader(memory);

        MemorySegment memory() {
            return memory;
        }

        DirentReader reader() {
            return reader;
        }
    }

    /**
     * Takes a buffer for a directory.
     *
     * @param directory whose lock the caller holds
     * @return null if all are in use at this moment
     */
    @Nullable
    Buffer take(OpenDirectory directory) {
        lock.lock();
        try {
            Buffer buffer = spare.poll();
            if (buffer == null && made < MOST) {
                made++;
                buffer = new Buffer();
            }
            if (buffer == null) {
                buffer = takeAway();
            }
            if (buffer != null) {
                buffer.reader.reset(0);
                holders.add(directory);
            }
            return buffer;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Buffer takeAway() {
        for (Iterator<OpenDirectory> each = holders.iterator(); each.hasNext(); ) {
            OpenDirectory holder = each.next();
            // Whoever reads it now holds its lock, and may wait for ours.
            if (holder.lock().tryLock()) {
                try {
                    Buffer buffer = holder.surrender();
                    if (buffer != null) {
                        each.remove();
                        return buffer;
                    }
                } finally {
                    holder.lock().unlock();
                }
            }
        }
        return null;
    }

    /** Gives a buffer of a directory back. */
    void give(OpenDirectory directory, Buffer buffer) {
        lock.lock();
        try {
            holders.remove(directory);
            spare.push(buffer);
        } finally {
            lock.unlock();
        }
    }
}

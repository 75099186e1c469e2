package dev.oriel.filesystem.local;

import dev.oriel.linux.FileCalls;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The open files and directories of the client, by number: the place in the table, and above it how often that place was given
 * out, so that a number that was released, or never given out, finds nothing.
 *
 * <p>Looking up takes no lock. The lock is for opening and releasing, and held for a few instructions.
 */
final class HandleTable {
    private static final int CHUNK_BITS = 10;
    private static final int CHUNK = 1 << CHUNK_BITS;

    private final ReentrantLock lock = new ReentrantLock();
    private final Allowance descriptors;
    private volatile AtomicReferenceArray<@Nullable OpenHandle>[] chunks = newChunks(0);
    private int[] freePlaces = new int[CHUNK];
    private int freeCount;
    private int places;
    private int generation;

    /** @param descriptors how many descriptors handles and locks may have together */
    HandleTable(Allowance descriptors) {
        this.descriptors = descriptors;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static AtomicReferenceArray<@Nullable OpenHandle>[] newChunks(int length) {
        return (AtomicReferenceArray<@Nullable OpenHandle>[]) new AtomicReferenceArray[length];
    }

    /** Takes one descriptor of the budget; false if it is spent. */
    boolean reserve() {
        return descriptors.take(1);
    }

    /** Gives one descriptor back to the budget. */
    void unreserve() {
        descriptors.give(1);
    }

    /** Adds a handle, for which {@link #reserve} was called, and numbers it. */
    void add(OpenHandle handle) {
        lock.lock();
        try {
            int place = freeCount > 0 ? freePlaces[--freeCount] : newPlace();
            generation = generation == -1 ? 1 : generation + 1; // so that no handle is ever 0
            handle.number((long) generation << 32 | place);
            chunks[place >>> CHUNK_BITS].setRelease(place & CHUNK - 1, handle);
        } finally {
            lock.unlock();
        }
    }

    private int newPlace() {
        if (places == chunks.length << CHUNK_BITS) {
            AtomicReferenceArray<@Nullable OpenHandle>[] more = Arrays.copyOf(chunks, chunks.length + 1);
            more[chunks.length] = new AtomicReferenceArray<>(CHUNK);
            chunks = more;
        }
        return places++;
    }

    /**
     * Finds the handle of a node and enters it: {@link OpenHandle#leave} it after use.
     *
     * @return null if there is no such handle of that node
     */
    @Nullable
    OpenHandle enter(long number, long nodeid) {
        OpenHandle handle = peek(number);
        return handle != null && handle.nodeid() == nodeid && handle.enter() ? handle : null;
    }

    /** As {@link #enter}, for a regular file. */
    @Nullable
    OpenFile enterFile(long number, long nodeid) {
        return peek(number) instanceof OpenFile file && file.nodeid() == nodeid && file.enter() ? file : null;
    }

    /** As {@link #enter}, for a directory. */
    @Nullable
    OpenDirectory enterDirectory(long number, long nodeid) {
        return peek(number) instanceof OpenDirectory directory && directory.nodeid() == nodeid && directory.enter()
                ? directory
                : null;
    }

    private @Nullable OpenHandle peek(long number) {
        int place = (int) number;
        AtomicReferenceArray<@Nullable OpenHandle>[] table = chunks;
        if (place < 0 || place >>> CHUNK_BITS >= table.length) {
            return null;
        }
        OpenHandle handle = table[place >>> CHUNK_BITS].getAcquire(place & CHUNK - 1);
        return handle != null && handle.number() == number ? handle : null;
    }

    /**
     * Takes a handle out and releases it.
     *
     * @return false if there is no such handle of that node
     */
    boolean release(long number, long nodeid) {
        int place = (int) number;
        OpenHandle handle;
        lock.lock();
        try {
            handle = peek(number);
            if (handle == null || handle.nodeid() != nodeid) {
                return false;
            }
            chunks[place >>> CHUNK_BITS].setRelease(place & CHUNK - 1, null);
            if (freeCount == freePlaces.length) {
                freePlaces = Arrays.copyOf(freePlaces, freeCount * 2);
            }
            freePlaces[freeCount++] = place;
        } finally {
            lock.unlock();
        }
        handle.release();
        unreserve();
        return true;
    }

    /**
     * A second descriptor of any open handle of a node: how one that has no name any more is still reached. Looks through all
     * handles.
     *
     * @return the descriptor, the caller's; -1 if the node is not open
     */
    int duplicate(long nodeid) {
        AtomicReferenceArray<@Nullable OpenHandle>[] table = chunks;
        for (int chunk = 0; chunk < table.length; chunk++) {
            for (int i = 0; i < CHUNK; i++) {
                OpenHandle handle = table[chunk].getAcquire(i);
                if (handle != null && handle.nodeid() == nodeid && handle.enter()) {
                    int descriptor = FileCalls.dup(handle.descriptor());
                    handle.leave();
                    return descriptor < 0 ? -1 : descriptor;
                }
            }
        }
        return -1;
    }

    /** Whether the client has a handle of a node. Looks through all handles. */
    boolean isOpen(long nodeid) {
        AtomicReferenceArray<@Nullable OpenHandle>[] table = chunks;
        for (int chunk = 0; chunk < table.length; chunk++) {
            for (int i = 0; i < CHUNK; i++) {
                OpenHandle handle = table[chunk].getAcquire(i);
                if (handle != null && handle.nodeid() == nodeid) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Releases all handles. Nobody uses any. */
    void close() {
        for (AtomicReferenceArray<@Nullable OpenHandle> chunk : chunks) {
            for (int i = 0; i < CHUNK; i++) {
                OpenHandle handle = chunk.getAndSet(i, null);
                if (handle != null) {
                    handle.release();
                }
            }
        }
        chunks = newChunks(0);
    }
}

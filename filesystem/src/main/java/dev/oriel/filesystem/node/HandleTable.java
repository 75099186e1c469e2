package dev.oriel.filesystem.node;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The open files and directories of a client, by number: the place in the table, and above it how often that place was
 * given out, so that a number that was released, or never given out, finds nothing.
 *
 * <p>Looking up takes no lock. The lock is for opening and releasing, and held for a few instructions.
 */
public final class HandleTable<H extends Handle> {
    private static final int CHUNK_BITS = 10;
    private static final int CHUNK = 1 << CHUNK_BITS;

    /** No table that is restored has more. */
    private static final int MOST_PLACES = 1 << 24;

    private static final int MAGIC = 0x4f48_414e;
    private static final int VERSION = 1;

    private final ReentrantLock lock = new ReentrantLock();
    private final Allowance descriptors;
    private volatile AtomicReferenceArray<@Nullable H>[] chunks = newChunks(0);
    private int[] freePlaces = new int[CHUNK];
    private int freeCount;
    private int places;
    private int generation;

    /** @param descriptors how many descriptors handles and locks may have together */
    public HandleTable(Allowance descriptors) {
        this.descriptors = descriptors;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static <H> AtomicReferenceArray<@Nullable H>[] newChunks(int length) {
        return (AtomicReferenceArray<@Nullable H>[]) new AtomicReferenceArray[length];
    }

    /** Takes one descriptor of the budget; false if it is spent. */
    public boolean reserve() {
        return descriptors.take(1);
    }

    /** Gives one descriptor back to the budget. */
    public void unreserve() {
        descriptors.give(1);
    }

    /** Adds a handle, for which {@link #reserve} was called, and numbers it. */
    public void add(H handle) {
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
            AtomicReferenceArray<@Nullable H>[] more = Arrays.copyOf(chunks, chunks.length + 1);
            more[chunks.length] = new AtomicReferenceArray<>(CHUNK);
            chunks = more;
        }
        return places++;
    }

    private void addFree(int place) {
        if (freeCount == freePlaces.length) {
            freePlaces = Arrays.copyOf(freePlaces, freeCount * 2);
        }
        freePlaces[freeCount++] = place;
    }

    /**
     * Finds the handle of a node and enters it: {@link Handle#leave} it after use.
     *
     * @return null if there is no such handle of that node
     */
    public @Nullable H enter(long number, long nodeid) {
        H handle = peek(number);
        return handle != null && handle.nodeid() == nodeid && handle.enter() ? handle : null;
    }

    /** As {@link #enter(long, long)}, for a handle of this type. */
    public <T extends H> @Nullable T enter(long number, long nodeid, Class<T> type) {
        H handle = peek(number);
        return handle != null && type.isInstance(handle) && handle.nodeid() == nodeid && handle.enter()
                ? type.cast(handle)
                : null;
    }

    private @Nullable H peek(long number) {
        int place = (int) number;
        AtomicReferenceArray<@Nullable H>[] table = chunks;
        if (place < 0 || place >>> CHUNK_BITS >= table.length) {
            return null;
        }
        H handle = table[place >>> CHUNK_BITS].getAcquire(place & CHUNK - 1);
        return handle != null && handle.number() == number ? handle : null;
    }

    /**
     * Takes a handle out and releases it.
     *
     * @return false if there is no such handle of that node
     */
    public boolean release(long number, long nodeid) {
        int place = (int) number;
        H handle;
        lock.lock();
        try {
            handle = peek(number);
            if (handle == null || handle.nodeid() != nodeid) {
                return false;
            }
            chunks[place >>> CHUNK_BITS].setRelease(place & CHUNK - 1, null);
            addFree(place);
        } finally {
            lock.unlock();
        }
        handle.release();
        unreserve();
        return true;
    }

    /**
     * Enters any handle of a node: {@link Handle#leave} it after use. Looks through all handles.
     *
     * @return null if the node is not open
     */
    public @Nullable H enterAny(long nodeid) {
        for (AtomicReferenceArray<@Nullable H> chunk : chunks) {
            for (int i = 0; i < CHUNK; i++) {
                H handle = chunk.getAcquire(i);
                if (handle != null && handle.nodeid() == nodeid && handle.enter()) {
                    return handle;
                }
            }
        }
        return null;
    }

    /** Whether the client has a handle of a node. Looks through all handles. */
    public boolean isOpen(long nodeid) {
        for (AtomicReferenceArray<@Nullable H> chunk : chunks) {
            for (int i = 0; i < CHUNK; i++) {
                H handle = chunk.getAcquire(i);
                if (handle != null && handle.nodeid() == nodeid) {
                    return true;
                }
            }
        }
        return false;
    }

    /** How the owner of a table writes and reads its handles. */
    public interface HandleForm<H> {
        /** Writes what a handle holds; number and node are written before. */
        void write(H handle, DataOutput out) throws IOException;

        /**
         * Makes a handle of what was written, and believes no length in it.
         *
         * @throws IOException if it is none, or what it held is gone
         */
        H read(long nodeid, DataInput in) throws IOException;
    }

    /**
     * Saves all handles, big-endian, while nobody uses the table.
     *
     * <pre>
     *   u32 "OHAN" | u32 version 1 | u32 generation | u32 count | count times: u64 number | u64 nodeid | what it holds
     * </pre>
     */
    public void save(HandleForm<? super H> form, DataOutput out) throws IOException {
        List<H> all = new ArrayList<>();
        for (AtomicReferenceArray<@Nullable H> chunk : chunks) {
            for (int i = 0; i < CHUNK; i++) {
                H handle = chunk.getAcquire(i);
                if (handle != null) {
                    all.add(handle);
                }
            }
        }
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeInt(generation);
        out.writeInt(all.size());
        for (H handle : all) {
            out.writeLong(handle.number());
            out.writeLong(handle.nodeid());
            form.write(handle, out);
        }
    }

    /**
     * Reads into a table that is new: the client knows each handle by the number that it had.
     *
     * @throws IOException if what is read are no handles, or more than may be open; the table then has those before
     */
    public void restore(HandleForm<? extends H> form, DataInput in) throws IOException {
        require(in.readInt() == MAGIC, "these are no handles");
        int version = in.readInt();
        require(version == VERSION, "the handles have version " + version + ", and only 1 is known");
        int newest = in.readInt();
        int count = in.readInt();
        require(count >= 0, "there is no such number of handles");
        generation = newest;
        try {
            for (int i = 0; i < count; i++) {
                restoreHandle(form, in);
            }
        } finally {
            forgetOccupied();
        }
    }

    private void restoreHandle(HandleForm<? extends H> form, DataInput in) throws IOException {
        long number = in.readLong();
        long nodeid = in.readLong();
        int place = (int) number;
        require(place >= 0 && place < MOST_PLACES && number >>> 32 != 0, "a handle has no place");
        if (Integer.compareUnsigned((int) (number >>> 32), generation) > 0) {
            generation = (int) (number >>> 32); // no number is given out twice
        }
        while (place >= places) {
            addFree(newPlace());
        }
        AtomicReferenceArray<@Nullable H> chunk = chunks[place >>> CHUNK_BITS];
        require(chunk.getAcquire(place & (CHUNK - 1)) == null, "two handles have one place");
        require(reserve(), "more handles than may be open");
        H handle;
        try {
            handle = form.read(nodeid, in);
        } catch (IOException | RuntimeException | Error failed) {
            unreserve();
            throw failed;
        }
        handle.number(number);
        chunk.setRelease(place & (CHUNK - 1), handle);
    }

    /** Takes the places that handles have off the list of free ones. */
    private void forgetOccupied() {
        int free = 0;
        for (int i = 0; i < freeCount; i++) {
            int place = freePlaces[i];
            if (chunks[place >>> CHUNK_BITS].getAcquire(place & (CHUNK - 1)) == null) {
                freePlaces[free++] = place;
            }
        }
        freeCount = free;
    }

    private static void require(boolean condition, String otherwise) throws IOException {
        if (!condition) {
            throw new IOException(otherwise);
        }
    }

    /** Releases all handles. Nobody uses any. */
    public void close() {
        for (AtomicReferenceArray<@Nullable H> chunk : chunks) {
            for (int i = 0; i < CHUNK; i++) {
                H handle = chunk.getAndSet(i, null);
                if (handle != null) {
                    handle.release();
                }
            }
        }
        chunks = newChunks(0);
    }
}

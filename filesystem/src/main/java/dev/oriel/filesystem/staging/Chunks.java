package dev.oriel.filesystem.staging;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of one file: those that are staged, and what the others hold, which is what the store has up to {@link
 * #base} and zeros from there on. Under the lock of its file.
 *
 * <pre>
 *   0                         base              size
 *   +---------+---------+------+----+------------+
 *   | store   | staged  | store|0000| staged |000|
 *   +---------+---------+------+----+------------+
 * </pre>
 */
final class Chunks {
    /** No errno: room there may be, but not for this session. */
    static final int SPENT = Integer.MIN_VALUE;

    private static final int CHUNK = Staging.CHUNK;

    /** A file that would take more than this part of what can be staged is not staged while it is read in order. */
    private static final int MOST_OF_ONE = 4;

    private static final class Chunk {
        final int place;
        boolean changed;

        /** Who has changed it, and pays until it is written back; null: nobody. */
        @Nullable
        Allowance payer;

        Chunk(int place) {
            this.place = place;
        }

        /** It is changed from now on, and {@code by} has paid. */
        void changed(Allowance by) {
            changed = true;
            payer = by;
        }

        /** The store has it too, or it is dropped. */
        void settle() {
            changed = false;
            if (payer != null) {
                payer.give(1);
                payer = null;
            }
        }
    }

    private final StagedFile file;
    private final Staging staging;
    private final StagedStore store;
    private final NavigableMap<Long, Chunk> chunks = new TreeMap<>();
    private long base;

    Chunks(StagedFile file, Staging staging, StagedStore store) {
        this.file = file;
        this.staging = staging;
        this.store = store;
    }

    /** How many bytes of the store's file count. */
    long base() {
        return base;
    }

    /** The store has all that there is, {@code size} bytes. */
    void begin(long size) {
        base = size;
    }

    /** All changed chunks are in the store, which has {@code size} bytes. */
    void written(long size) {
        base = size;
        chunks.values().forEach(Chunk::settle);
    }

    private static int length(long index, long end) {
        return Math.clamp(end - index * CHUNK, 0, CHUNK);
    }

    private int take(long first, long last) {
        int place = staging.take(file);
        if (place == StagingArea.NONE && drop(first, last)) {
            place = staging.area().take();
        }
        return place;
    }

    /** Drops chunks that the store has too, but those from {@code first} to {@code last}; false if there were none. */
    private boolean drop(long first, long last) {
        boolean dropped = false;
        for (Iterator<Map.Entry<Long, Chunk>> all = chunks.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Long, Chunk> entry = all.next();
            boolean needed = entry.getKey() >= first && entry.getKey() <= last;
            if (!entry.getValue().changed && !needed) {
                staging.area().give(entry.getValue().place);
                all.remove();
                dropped = true;
            }
        }
        return dropped;
    }

    /** Drops all chunks that the store has too; false if there are none. */
    boolean dropUnchanged() {
        return drop(0, -1);
    }

    /**
     * The store has none of it any more: nothing may be dropped.
     *
     * @return false if {@code payer} can have no more changed: then nothing has happened
     */
    boolean keep(Allowance payer) {
        long more = chunks.values().stream().filter(chunk -> !chunk.changed).count();
        if (!payer.take(more)) {
            return false;
        }
        base = 0;
        for (Chunk chunk : chunks.values()) {
            if (!chunk.changed) {
                chunk.changed(payer);
            }
        }
        return true;
    }

    /** Drops all chunks. */
    void clear() {
        chunks.values().forEach(this::give);
        chunks.clear();
    }

    private void give(Chunk chunk) {
        chunk.settle();
        staging.area().give(chunk.place);
    }

    /**
     * Fetches what is not staged of a range of chunks that begins with one that is not, as far as there is room.
     *
     * @param needed the first chunk that must not be dropped for it
     * @return how many chunks; 0 if there is no room
     * @throws IOException what the store throws
     */
    private int fetch(long first, long last, long needed, Scratch scratch) throws IOException {
        long end = Math.min(last, first + Scratch.MOST_CHUNKS - 1);
        int[] places = new int[Scratch.MOST_CHUNKS];
        int count = 0;
        while (first + count <= end && (first + count) * CHUNK < base && !chunks.containsKey(first + count)) {
            int place = take(needed, last);
            if (place == StagingArea.NONE) {
                break;
            }
            places[count++] = place;
        }
        int kept = 0;
        try {
            long wanted = Math.min((long) count * CHUNK, base - first * CHUNK);
            readStore(first * CHUNK, scratch.memory().asSlice(0, wanted).asByteBuffer());
            while (kept < count && stage(places[kept], scratch, (long) kept * CHUNK, wanted)) {
                chunks.put(first + kept, new Chunk(places[kept]));
                kept++;
            }
        } finally {
            for (int i = kept; i < count; i++) {
                staging.area().give(places[i]);
            }
        }
        return kept;
    }

    /** Writes what was read from the store into a place; false if the disk beneath is full. */
    private boolean stage(int place, Scratch scratch, long from, long had) {
        long length = Math.clamp(had - from, 0, CHUNK);
        long done = 0;
        while (done < length) {
            long count = staging.area().write(place, (int) done, scratch.own(from + done, length - done));
            if (count <= 0) {
                return false;
            }
            done += count;
        }
        return true;
    }

    /** Fills a buffer with bytes that the store said it has. */
    private void readStore(long offset, ByteBuffer to) throws IOException {
        int begin = to.position();
        while (to.hasRemaining()) {
            int before = to.position();
            int count = store.read(offset + before - begin, to);
            if (count <= 0 || to.position() <= before) {
                throw new EOFException("the file is shorter than its store said");
            }
        }
    }

    /** Has all chunks from an offset on staged that are not only zeros; false if there is no room. */
    boolean stageFrom(long offset) throws IOException {
        long first = offset / CHUNK;
        long last = (base - 1) / CHUNK;
        for (long index = first; index <= last && index * CHUNK < base; ) {
            int count = 1;
            if (!chunks.containsKey(index)) {
                count = fetch(index, last, first, Scratch.current());
            }
            if (count == 0) {
                return false;
            }
            index += count;
        }
        return true;
    }

    /**
     * Reads within one chunk into memory of a client.
     *
     * @param to all of it is filled
     * @param last the last chunk that will be read
     * @return how many bytes, or an errno
     */
    private long read(long index, int at, IoVector to, long last) throws IOException {
        Chunk chunk = chunks.get(index);
        if (chunk == null && index * CHUNK < base && !isStreamed(index * CHUNK)) {
            long atHand = index + store.atHand(index * CHUNK) / CHUNK - 1;
            int _ = fetch(index, Math.max(last, atHand), index, Scratch.current());
            chunk = chunks.get(index);
        }
        if (chunk != null) {
            return staging.area().read(chunk.place, at, to);
        }
        // it is not to be staged, there is no room, or it is all zeros
        long offset = index * CHUNK + at;
        for (int i = 0; i < to.count(); i++) {
            long known = Math.clamp(base - offset, 0, to.length(i));
            readStore(offset, to.segment(i).asSlice(0, known).asByteBuffer());
            to.segment(i).asSlice(known).fill((byte) 0);
            offset += to.length(i);
        }
        return to.bytes();
    }

    /** Whether a client reads a large file in order, and is at an offset. */
    private boolean isStreamed(long offset) {
        return base > staging.limit() / MOST_OF_ONE && store.readsAhead(offset);
    }

    /**
     * Reads into memory of a client.
     *
     * @param count bytes, which the file has
     * @return how many bytes, or an errno
     */
    long read(long offset, long count, IoVector to) throws IOException {
        IoVector part = Scratch.current().part;
        long done = 0;
        while (done < count) {
            long at = offset + done;
            long length = part.slice(to, done, Math.min(count - done, CHUNK - at % CHUNK));
            long read = read(at / CHUNK, (int) (at % CHUNK), part, (offset + count - 1) / CHUNK);
            if (read <= 0 || length == 0) {
                return done > 0 ? done : read < 0 ? read : -Errno.EIO;
            }
            done += read;
        }
        return done;
    }

    /**
     * The same, if all of it is staged and nothing has to be waited for.
     *
     * @return {@link FileSystemSession#WOULD_BLOCK} otherwise
     */
    long readNow(long offset, long count, IoVector to) {
        IoVector part = Scratch.current().part;
        long done = 0;
        while (done < count) {
            long at = offset + done;
            Chunk chunk = chunks.get(at / CHUNK);
            long length = part.slice(to, done, Math.min(count - done, CHUNK - at % CHUNK));
            long read = chunk == null ? 0 : staging.area().readNow(chunk.place, (int) (at % CHUNK), part);
            if (read <= 0 || length == 0) {
                return FileSystemSession.WOULD_BLOCK;
            }
            done += read;
        }
        return done;
    }

    /** Reads bytes that lie within one chunk into the memory of {@code scratch}, without staging anything. */
    void read(long index, int at, int length, Scratch scratch) throws IOException {
        Chunk chunk = chunks.get(index);
        int done = 0;
        if (chunk == null) {
            int known = Math.clamp(base - (index * CHUNK + at), 0, length);
            readStore(index * CHUNK + at, scratch.memory().asSlice(0, known).asByteBuffer());
            scratch.memory().asSlice(known, length - known).fill((byte) 0);
            return;
        }
        while (done < length) {
            long count = staging.area().read(chunk.place, at + done, scratch.own(done, length - done));
            if (count <= 0) {
                throw new IOException(Errno.message(count == 0 ? Errno.EIO : (int) -count));
            }
            done += (int) count;
        }
    }

    /**
     * Finds or makes a chunk that is to be changed.
     *
     * @param at where in it the change begins
     * @param length of what is overwritten: that is not fetched
     * @throws IOException if there is no room, or the store cannot be read
     */
    private Chunk changeable(long index, int at, int length) throws IOException {
        Chunk chunk = chunks.get(index);
        int known = length(index, base);
        if (chunk == null && known > 0 && (at > 0 || length < known)) {
            int _ = fetch(index, index, index, Scratch.current());
            chunk = chunks.get(index);
        } else if (chunk == null) {
            int place = take(index, index);
            if (place != StagingArea.NONE) {
                chunk = new Chunk(place);
                chunks.put(index, chunk);
            }
        }
        if (chunk == null) {
            throw new IOException(Errno.message(Errno.ENOSPC));
        }
        return chunk;
    }

    /**
     * Writes within one chunk.
     *
     * @return how many bytes, or an errno; {@link #SPENT} if {@code payer} can have no more changed
     */
    long write(long index, int at, IoVector from, Allowance payer) throws IOException {
        Chunk chunk = chunks.get(index);
        boolean there = chunk != null;
        boolean wasChanged = chunk != null && chunk.changed;
        if (!wasChanged && !payer.take(1)) {
            return SPENT;
        }
        boolean kept = wasChanged;
        try {
            chunk = changeable(index, at, (int) from.bytes());
            boolean fetched = !there && length(index, base) > 0 && (at > 0 || from.bytes() < length(index, base));
            long count = staging.area().write(chunk.place, at, from);
            boolean torn = !there && !fetched && count < from.bytes() && length(index, base) > 0;
            if (torn || (count <= 0 && !there)) {
                // Not all that was to be overwritten was, and the rest was not fetched.
                chunks.remove(index);
                give(chunk);
                return count < 0 ? count : -Errno.ENOSPC;
            }
            if (count > 0 && !wasChanged) {
                chunk.changed(payer);
                kept = true;
            }
            return count;
        } finally {
            if (!kept) {
                payer.give(1);
            }
        }
    }

    /** Makes a range zeros, within one chunk: 0 or an errno, or {@link #SPENT}. */
    int zero(long index, int at, int length, Allowance payer) throws IOException {
        Chunk chunk = chunks.get(index);
        if (length(index, base) <= at && chunk == null) {
            return 0; // zeros already
        }
        boolean wasChanged = chunk != null && chunk.changed;
        if (!wasChanged && !payer.take(1)) {
            return SPENT;
        }
        boolean kept = wasChanged;
        try {
            chunk = changeable(index, at, length);
            if (!wasChanged) {
                chunk.changed(payer);
                kept = true;
            }
            return staging.area().zero(chunk.place, at, length);
        } finally {
            if (!kept) {
                payer.give(1);
            }
        }
    }

    /**
     * Forgets all from an offset on: it is zeros if the file grows again.
     *
     * @return 0 or an errno
     */
    int cut(long size) {
        Chunk last = size % CHUNK == 0 ? null : chunks.get(size / CHUNK);
        if (last != null) {
            int at = (int) (size % CHUNK);
            int error = staging.area().zero(last.place, at, CHUNK - at);
            if (error != 0) {
                return error;
            }
            // Not changed by that: what the store has counts up to the new base only.
        }
        NavigableMap<Long, Chunk> behind = chunks.tailMap((size + CHUNK - 1) / CHUNK, true);
        behind.values().forEach(this::give);
        behind.clear();
        base = Math.min(base, size);
        return 0;
    }
}

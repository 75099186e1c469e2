package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code struct iovec[]}: pieces of memory, in order, that one transfer fills or empties. Rings collect the pieces of
 * a chain here, and {@link FileCalls#preadv2} and {@link FileCalls#pwritev2} take them as they are.
 *
 * <pre>
 *   0          8          16         24         32
 *   +----------+----------+----------+----------+--
 *   | address  | length   | address  | length   | ...
 *   +----------+----------+----------+----------+--
 * </pre>
 *
 * <p>It holds addresses, not memory: whoever adds a piece has checked it and keeps it mapped. Nothing here allocates
 * after construction. For one thread at a time.
 */
public final class IoVector {
    /** Most pieces one system call takes (IOV_MAX); a longer vector has to be passed in parts with {@link #slice}. */
    public static final int SYSTEM_CALL_MAX = 1024;

    private static final long PIECE_SIZE = 2 * Long.BYTES;

    private final MemorySegment pieces;
    private final int capacity;
    private int count;
    private long bytes;

    /**
     * Memory that is freed with this object.
     *
     * @param capacity most pieces it can hold
     */
    public IoVector(int capacity) {
        this(capacity, Arena.ofAuto());
    }

    /**
     * @param capacity most pieces it can hold
     * @param arena owner of the array
     */
    public IoVector(int capacity, Arena arena) {
        this.capacity = capacity;
        pieces = arena.allocate(capacity * PIECE_SIZE, Long.BYTES);
    }

    /**
     * Appends a piece.
     *
     * @param address where it begins, in this process
     * @param length bytes
     * @return false if the vector is full, the length negative, or the sum of all lengths more than a long can hold:
     *     then nothing was added
     */
    public boolean add(long address, long length) {
        if (count == capacity || length < 0 || bytes + length < 0) {
            return false;
        }
        long offset = count * PIECE_SIZE;
        pieces.set(JAVA_LONG, offset, address);
        pieces.set(JAVA_LONG, offset + Long.BYTES, length);
        count++;
        bytes += length;
        return true;
    }

    /** Forgets all pieces. */
    public void clear() {
        count = 0;
        bytes = 0;
    }

    /** Most pieces it can hold. */
    public int capacity() {
        return capacity;
    }

    /** How many pieces it holds. */
    public int count() {
        return count;
    }

    /** The sum of all lengths. */
    public long bytes() {
        return bytes;
    }

    /** Address of the array, for system calls; the caller keeps this object reachable meanwhile. */
    public long address() {
        return pieces.address();
    }

    /** Address of a piece. */
    public long address(int index) {
        return pieces.get(JAVA_LONG, offset(index));
    }

    /** Length of a piece, bytes. */
    public long length(int index) {
        return pieces.get(JAVA_LONG, offset(index) + Long.BYTES);
    }

    /**
     * A piece as memory, good as long as it stays mapped: its owner says how long that is. Where another process can
     * take the page away an access throws {@link InternalError}.
     */
    public MemorySegment segment(int index) {
        return MemorySegment.ofAddress(address(index)).reinterpret(length(index));
    }

    /**
     * Copies bytes of {@code source}, from {@code offset} on, into the pieces.
     *
     * @return how many: as many as there are in the source and room here
     */
    public long copyFrom(MemorySegment source, long offset) {
        long done = 0;
        for (int i = 0; i < count && offset + done < source.byteSize(); i++) {
            long part = Math.min(length(i), source.byteSize() - offset - done);
            MemorySegment.copy(source, offset + done, segment(i), 0, part);
            done += part;
        }
        return done;
    }

    /** As {@link #copyFrom}, the other way. */
    public long copyTo(MemorySegment target, long offset) {
        long done = 0;
        for (int i = 0; i < count && offset + done < target.byteSize(); i++) {
            long part = Math.min(length(i), target.byteSize() - offset - done);
            MemorySegment.copy(segment(i), 0, target, offset + done, part);
            done += part;
        }
        return done;
    }

    private long offset(int index) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException("piece " + index + " of " + count);
        }
        return index * PIECE_SIZE;
    }

    /**
     * Makes this the part of another vector from {@code offset} on. Pieces at both ends are cut, empty ones are left
     * out.
     *
     * @param source another vector, not this one
     * @param offset bytes of the source to skip
     * @param length bytes wanted
     * @return bytes this vector now has: fewer than wanted if the source ends earlier or this vector is full
     */
    public long slice(IoVector source, long offset, long length) {
        if (source == this || offset < 0 || length < 0) {
            throw new IllegalArgumentException(
                    "a slice needs another source, and offset and length that are not negative");
        }
        clear();
        long skip = offset;
        long rest = length;
        for (int i = 0; i < source.count && rest > 0; i++) {
            long pieceLength = source.length(i);
            if (skip >= pieceLength) {
                skip -= pieceLength;
                continue;
            }
            long part = Math.min(pieceLength - skip, rest);
            if (!add(source.address(i) + skip, part)) {
                break;
            }
            skip = 0;
            rest -= part;
        }
        return bytes;
    }
}

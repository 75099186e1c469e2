package dev.oriel.virtio.ring;

import dev.oriel.linux.IoVector;
import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * One side of a descriptor chain as a stream of bytes: a list of pieces of guest memory.
 *
 * <pre>
 *   stream   0            16                    120
 *            +------------+----------------------+---------
 *   pieces   |  piece 0   |       piece 1        | piece 2 ...
 *            +------------+----------------------+---------
 * </pre>
 *
 * <p>Buffers that lie one behind the other in one region of memory make one piece.
 */
public final class ChainBytes {
    /** A buffer may be spread over many small regions: more pieces than this are nonsense. */
    private static final int MAX_PIECES = 4096;

    /** All that most chains have. */
    private static final int USUAL_PIECES = 8;

    private GuestRegion[] regions = new GuestRegion[USUAL_PIECES];
    /** Where each piece begins in its region. */
    private long[] offsets = new long[USUAL_PIECES];
    /** Where each piece begins in the stream; [count] is the end of the stream. */
    private long[] starts = new long[USUAL_PIECES + 1];

    private int count;
    private boolean cut;
    private long cutAddress;

    /** The first piece that lies in a window, or a number that no piece has. */
    private int firstInWindow;

    /** Only rings make chains. */
    ChainBytes() {}

    void clear() {
        count = 0;
        cut = false;
        firstInWindow = Integer.MAX_VALUE;
    }

    /** Whether a buffer was left out because it lies outside memory. */
    boolean cut() {
        return cut;
    }

    /** Where in the guest's address space that buffer begins. */
    long cutAddress() {
        return cutAddress;
    }

    /**
     * Appends a buffer of the guest. If not all of it lies in memory, nothing of it is appended, and the stream ends
     * here for good.
     *
     * @param length not negative; 0 appends nothing
     */
    void append(GuestMemory memory, long guestAddress, long length) {
        if (cut) {
            return;
        }
        if (GuestRegion.wraps(guestAddress, length)) {
            cutAddress = guestAddress;
            cut = true;
            return;
        }
        int before = count;
        long endBefore = starts[count];
        long address = guestAddress;
        long rest = length;
        while (rest > 0) {
            GuestRegion region = memory.find(address);
            if (region == null || count == MAX_PIECES) {
                count = before;
                starts[before] = endBefore;
                firstInWindow = firstInWindow < before ? firstInWindow : Integer.MAX_VALUE;
                cutAddress = guestAddress;
                cut = true;
                return;
            }
            long offset = address - region.guestAddress();
            long part = Math.min(rest, region.size() - offset);
            appendPiece(region, offset, part);
            address += part;
            rest -= part;
        }
    }

    private void appendPiece(GuestRegion region, long offset, long length) {
        long end = starts[count];
        if (count > 0 && regions[count - 1] == region && offsets[count - 1] + end - starts[count - 1] == offset) {
            starts[count] = end + length;
            return;
        }
        if (count == regions.length) {
            grow();
        }
        if (region.isWindow() && firstInWindow > count) {
            firstInWindow = count;
        }
        regions[count] = region;
        offsets[count] = offset;
        count++;
        starts[count] = end + length;
    }

    private void grow() {
        int capacity = 2 * regions.length;
        regions = Arrays.copyOf(regions, capacity);
        offsets = Arrays.copyOf(offsets, capacity);
        starts = Arrays.copyOf(starts, capacity + 1);
    }

    /** How many pieces there is room for, beyond the usual number. */
    int capacity() {
        return regions.length - USUAL_PIECES;
    }

    /** Empties the stream, and gives up room for more than the usual number of pieces. */
    void shrink() {
        clear();
        if (regions.length > USUAL_PIECES) {
            regions = new GuestRegion[USUAL_PIECES];
            offsets = new long[USUAL_PIECES];
            starts = new long[USUAL_PIECES + 1];
        }
    }

    /** Whether a piece lies in a region. */
    boolean uses(GuestRegion region) {
        for (int i = 0; i < count; i++) {
            if (regions[i] == region) {
                return true;
            }
        }
        return false;
    }

    /** The length of the stream in bytes. */
    public long length() {
        return starts[count];
    }

    /**
     * How many bytes from the start on lie in the guest's own memory. What follows begins in a window of the device,
     * which shows pages of files: it is for {@link #vector} only, and must not be touched in any other way.
     */
    public long ownLength() {
        return starts[Math.min(firstInWindow, count)];
    }

    /**
     * Finds bytes that lie in one piece.
     *
     * @return the piece that holds all of {@code [offset, offset + length)}, or -1 if no single piece does
     */
    public int pieceOf(long offset, long length) {
        if (offset < 0 || length < 0 || length > length() - offset || count == 0) {
            return -1;
        }
        int piece = pieceAt(offset);
        return offset + length <= starts[piece + 1] ? piece : -1;
    }

    /**
     * The piece that holds the byte at {@code offset}, or the last if that is the end of the stream. Not for an empty
     * stream.
     */
    private int pieceAt(long offset) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (starts[middle] <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The memory that {@code piece} lies in: larger than the piece, valid until the chain is completed. */
    public MemorySegment segment(int piece) {
        return regions[Objects.checkIndex(piece, count)].memory();
    }

    /** Where byte {@code offset} of the stream lies in {@link #segment(int) segment(piece)}. */
    public long segmentOffset(int piece, long offset) {
        return offsets[Objects.checkIndex(piece, count)] + offset - starts[piece];
    }

    /** Copies from the stream into {@code destination}; {@code [offset, offset + length)} lies within the stream. */
    public void copyTo(long offset, MemorySegment destination, long destinationOffset, long length) {
        Objects.checkFromIndexSize(offset, length, length());
        long done = 0;
        for (int piece = length == 0 ? count : pieceAt(offset); done < length; piece++) {
            long at = offset + done;
            long part = Math.min(length - done, starts[piece + 1] - at);
            MemorySegment.copy(
                    regions[piece].memory(), segmentOffset(piece, at), destination, destinationOffset + done, part);
            done += part;
        }
    }

    /** Copies {@code source} into the stream; {@code [offset, offset + length)} lies within the stream. */
    public void copyFrom(long offset, MemorySegment source, long sourceOffset, long length) {
        Objects.checkFromIndexSize(offset, length, length());
        long done = 0;
        for (int piece = length == 0 ? count : pieceAt(offset); done < length; piece++) {
            long at = offset + done;
            long part = Math.min(length - done, starts[piece + 1] - at);
            MemorySegment.copy(source, sourceOffset + done, regions[piece].memory(), segmentOffset(piece, at), part);
            done += part;
        }
    }

    /**
     * Fills {@code vector} with {@code [offset, offset + length)} of the stream, for preadv(2) and pwritev(2); those
     * bytes lie within the stream. If the vector is too small for all pieces it ends early: {@link IoVector#bytes()}
     * tells.
     */
    public void vector(long offset, long length, IoVector vector) {
        Objects.checkFromIndexSize(offset, length, length());
        vector.clear();
        long done = 0;
        for (int piece = length == 0 ? count : pieceAt(offset); done < length; piece++) {
            long at = offset + done;
            long part = Math.min(length - done, starts[piece + 1] - at);
            if (!vector.add(regions[piece].memory().address() + segmentOffset(piece, at), part)) {
                return;
            }
            done += part;
        }
    }
}

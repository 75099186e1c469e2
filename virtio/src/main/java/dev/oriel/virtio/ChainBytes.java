package dev.oriel.virtio;

import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;

/**
 * One side of a descriptor chain as a stream of bytes: a list of pieces of guest memory.
 *
 * <pre>
 *   stream   0            16                    120
 *            +------------+----------------------+---------
 *   pieces   |  piece 0   |       piece 1        | piece 2 ...
 *            +------------+----------------------+---------
 * </pre>
 */
public abstract class ChainBytes {

    /** Only rings make chains. */
    ChainBytes() {}

    /** The length of the stream in bytes. */
    public abstract long length();

    /**
     * Finds bytes that lie in one piece.
     *
     * @return the piece that holds all of {@code [offset, offset + length)}, or -1 if no single piece does
     */
    public abstract int pieceOf(long offset, long length);

    /** The memory that {@code piece} lies in: larger than the piece, valid until the chain is completed. */
    public abstract MemorySegment segment(int piece);

    /** Where byte {@code offset} of the stream lies in {@link #segment(int) segment(piece)}. */
    public abstract long segmentOffset(int piece, long offset);

    /** Copies from the stream into {@code destination}; {@code [offset, offset + length)} lies within the stream. */
    public abstract void copyTo(long offset, MemorySegment destination, long destinationOffset, long length);

    /** Copies {@code source} into the stream; {@code [offset, offset + length)} lies within the stream. */
    public abstract void copyFrom(long offset, MemorySegment source, long sourceOffset, long length);

    /** Fills {@code vector} with {@code [offset, offset + length)} of the stream, for preadv(2) and pwritev(2). */
    public abstract void vector(long offset, long length, IoVector vector);
}

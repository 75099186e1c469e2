package dev.oriel.device;

import dev.oriel.fuse.FuseOutHeader;
import dev.oriel.fuse.FuseStruct;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.ChainBytes;
import dev.oriel.virtio.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The reply to one request, written into the writable bytes of its chain.
 *
 * <pre>
 *   0                 16
 *   +-----------------+---------------------+
 *   | fuse_out_header | body                |
 *   +-----------------+---------------------+
 * </pre>
 *
 * <p>A body that lies in one piece of guest memory is written in place; another is written into memory of this object and
 * copied out when the request ends. Either is zero at first: what the client's memory held before never comes back as part
 * of a reply. Used again for the next request; for one thread.
 */
final class Reply {
    /** The largest error number that the protocol has room for (Linux: {@code -512 < error}). */
    private static final int LARGEST_ERROR = 511;

    /** Structures and short texts. */
    private static final int USUAL = 8 << 10;

    private final FuseOutHeader header = new FuseOutHeader();
    private final MemorySegment headerScratch = Arena.ofAuto().allocate(FuseOutHeader.SIZE, Long.BYTES);

    private MemorySegment scratch = Arena.ofAuto().allocate(USUAL, Long.BYTES);
    private MemorySegment body = scratch;
    private long bodyOffset;
    private boolean copiedOut;
    private ByteOrder order = ByteOrder.nativeOrder();
    private long room;

    /** Begins the reply that goes to {@code chain}. */
    void begin(DescriptorChain chain, ByteOrder order) {
        this.order = order;
        ChainBytes out = chain.writable();
        room = out.ownLength() < FuseOutHeader.SIZE ? -1 : out.length() - FuseOutHeader.SIZE;
        copiedOut = false;
    }

    /** How many bytes of body the client has room for. Negative if there is none even for the header. */
    long room() {
        return room;
    }

    /**
     * Prepares a body of structures, all zero.
     *
     * @param size a multiple of 8
     * @return whether the client has room for it
     */
    boolean body(DescriptorChain chain, int size) {
        if (size > room) {
            return false;
        }
        ChainBytes out = chain.writable();
        int piece = out.pieceOf(FuseOutHeader.SIZE, size);
        if (piece >= 0) {
            body = out.segment(piece);
            bodyOffset = out.segmentOffset(piece, FuseOutHeader.SIZE);
        } else {
            body = scratch;
            bodyOffset = 0;
            copiedOut = true;
        }
        MemorySegment memory = body;
        long base = bodyOffset;
        for (int i = 0; i < size; i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, base + i, 0);
        }
        return true;
    }

    /** Lays {@code struct} over the body, {@code offset} bytes from its beginning. */
    <T extends FuseStruct> T at(int offset, T struct) {
        struct.at(body, bodyOffset + offset, order);
        return struct;
    }

    /**
     * Prepares a body that is written into private memory and copied out as far as the result tells.
     *
     * @return at least {@code size} bytes, with what other replies left there
     */
    MemorySegment privateBody(int size) {
        if (size > scratch.byteSize()) {
            scratch = Arena.ofAuto().allocate(Math.max(size, 2 * scratch.byteSize()), Long.BYTES);
        }
        body = scratch;
        bodyOffset = 0;
        copiedOut = true;
        return scratch;
    }

    /**
     * Ends the reply.
     *
     * @param unique of the request
     * @param result the length of the body, or an errno
     * @return what the chain is completed with: 0 if the client left no room for a header
     */
    int end(DescriptorChain chain, long unique, long result) {
        if (room < 0) {
            return 0;
        }
        int error = 0;
        int length = FuseOutHeader.SIZE;
        if (result > room || result < -LARGEST_ERROR) {
            error = -Errno.EIO;
        } else if (result < 0) {
            error = (int) result;
        } else {
            length += (int) result;
        }
        ChainBytes out = chain.writable();
        if (copiedOut && error == 0) {
            out.copyFrom(FuseOutHeader.SIZE, scratch, 0, result);
        }
        int piece = out.pieceOf(0, FuseOutHeader.SIZE);
        if (piece >= 0) {
            header.at(out.segment(piece), out.segmentOffset(piece, 0), order);
        } else {
            header.at(headerScratch, 0, order);
        }
        header.len(length).error(error).unique(unique);
        if (piece < 0) {
            out.copyFrom(0, headerScratch, 0, FuseOutHeader.SIZE);
        }
        return length;
    }
}

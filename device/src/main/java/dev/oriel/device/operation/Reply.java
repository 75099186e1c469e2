package dev.oriel.device.operation;

import dev.oriel.fuse.FuseOutHeader;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.ring.ChainBytes;
import dev.oriel.virtio.ring.DescriptorChain;
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
 * <p>A body of structures or text is written into private memory, and copied out together with the header when the
 * request ends: so guest memory is written once, in one place, after everything else; what it held before never comes
 * back as part of a reply. What is read from a file goes straight to the client. Used again for the next request; for
 * one thread.
 */
public final class Reply {
    /** The largest error number that the protocol has room for (Linux: {@code -512 < error}). */
    private static final int LARGEST_ERROR = 511;

    /** Structures and short texts. */
    private static final int USUAL = 8 << 10;

    private final FuseOutHeader header = new FuseOutHeader();
    private MemorySegment scratch = MemorySegment.NULL;
    private MemorySegment body = MemorySegment.NULL;
    private boolean copiedOut;
    private ByteOrder order = ByteOrder.nativeOrder();
    private long room;

    public Reply() {
        grow(USUAL);
    }

    private void grow(int size) {
        scratch = Arena.ofAuto().allocate(FuseOutHeader.SIZE + size, Long.BYTES);
        body = scratch.asSlice(FuseOutHeader.SIZE);
    }

    /** Begins the reply that goes to {@code chain}. */
    public void begin(DescriptorChain chain, ByteOrder order) {
        this.order = order;
        ChainBytes out = chain.writable();
        room = out.ownLength() < FuseOutHeader.SIZE ? -1 : out.length() - FuseOutHeader.SIZE;
        copiedOut = false;
    }

    /** How many bytes of body the client has room for. Negative if there is none even for the header. */
    public long room() {
        return room;
    }

    /** Whether the client has room for a body of so many bytes. */
    public boolean admits(int size) {
        return size <= room;
    }

    /** The byte order of the structures in the body. */
    public ByteOrder order() {
        return order;
    }

    /**
     * Prepares a body of structures, all zero.
     *
     * @param size a multiple of 8 that the client has room for
     */
    public MemorySegment body(int size) {
        MemorySegment memory = privateBody(size);
        for (int i = 0; i < size; i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, i, 0);
        }
        return memory;
    }

    /**
     * Prepares a body that is copied out as far as the result tells.
     *
     * @return at least {@code size} bytes, with what other replies left there
     */
    public MemorySegment privateBody(int size) {
        if (size > body.byteSize()) {
            grow((int) Math.max(size, 2 * body.byteSize()));
        }
        copiedOut = true;
        return body;
    }

    /**
     * Ends the reply.
     *
     * @param unique of the request
     * @param result the length of the body, or an errno
     * @return what the chain is completed with: 0 if the client left no room for a header
     */
    public int end(DescriptorChain chain, long unique, long result) {
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
        header.at(scratch, 0, order);
        header.len(length).error(error).unique(unique);
        chain.writable().copyFrom(0, scratch, 0, copiedOut ? length : FuseOutHeader.SIZE);
        return length;
    }
}

package dev.oriel.driver;

import dev.oriel.virtio.memory.DriverMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A piece of memory that the device shares: what READ fills and WRITE sends without a copy. Get one from
 * {@link FuseClient#allocate}, use it for many requests, close it at the end.
 *
 * <p>While a request is in flight the device may change it at any time. Closing it then is safe: the memory is used
 * again only after the device gave the request back. Any thread.
 */
public final class DriverBuffer implements AutoCloseable {
    private final BufferPool pool;
    private final MemorySegment segment;
    private final long offset;
    private final long guestAddress;
    /** The owner and the requests in flight. */
    private final AtomicInteger users = new AtomicInteger(1);

    private boolean closed;

    DriverBuffer(BufferPool pool, DriverMemory memory, long offset, long size) {
        this.pool = pool;
        this.offset = offset;
        segment = memory.segment().asSlice(offset, size);
        guestAddress = memory.guestAddress(offset);
    }

    /** The memory; access after the client is closed throws. */
    public MemorySegment segment() {
        return segment;
    }

    /** Bytes. */
    public long size() {
        return segment.byteSize();
    }

    long guestAddress() {
        return guestAddress;
    }

    /** A request that is in flight uses it. */
    void retain() {
        users.incrementAndGet();
    }

    void release() {
        if (users.decrementAndGet() == 0) {
            pool.free(offset, segment.byteSize());
        }
    }

    /** Gives the memory back; does nothing the second time. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        release();
    }
}

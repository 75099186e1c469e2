package dev.oriel.virtio;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;

/**
 * A virtqueue as a driver sets it up: a ring in {@link DriverMemory} and its two doorbells, one for each direction. Owns the
 * doorbells, not the memory.
 */
public final class DriverQueue implements AutoCloseable {
    private final DriverRing ring;
    private final long offset;
    private final EventDescriptor kick;
    private final EventDescriptor call;

    private DriverQueue(DriverRing ring, long offset, EventDescriptor kick, EventDescriptor call) {
        this.ring = ring;
        this.offset = offset;
        this.kick = kick;
        this.call = call;
    }

    /**
     * Lays out a queue in memory that is all zero.
     *
     * @param offset where in the memory it begins, a multiple of 64; it takes {@link DriverRing#bytes}
     * @param size descriptors, a power of two
     * @param features what was negotiated, of {@link RingFeatures}
     */
    public static DriverQueue create(DriverMemory memory, long offset, int size, long features) throws LinuxException {
        long bytes = DriverRing.bytes(size, features);
        DriverRing ring =
                DriverRing.create(memory.segment().asSlice(offset, bytes), memory.guestAddress(offset), size, features);
        EventDescriptor kick = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
        try {
            return new DriverQueue(ring, offset, kick, EventDescriptor.create(EventDescriptor.EFD_NONBLOCK));
        } catch (LinuxException failed) {
            kick.close();
            throw failed;
        }
    }

    /** The ring, for one thread at a time. */
    public DriverRing ring() {
        return ring;
    }

    /** Where the queue begins in the memory. */
    public long offset() {
        return offset;
    }

    /** The driver tells the device by it that chains are available. */
    public EventDescriptor kick() {
        return kick;
    }

    /** The device tells the driver by it that chains are used. */
    public EventDescriptor call() {
        return call;
    }

    /** Closes the doorbells here; the device has its own descriptors of them. */
    @Override
    public void close() {
        kick.close();
        call.close();
    }
}

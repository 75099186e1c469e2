package dev.oriel.virtio.queue;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.ring.DriverRing;
import dev.oriel.virtio.ring.RingFeatures;
import java.util.function.IntSupplier;

/**
 * A virtqueue as a driver sets it up: a ring in {@link DriverMemory} and its two doorbells, one for each direction.
 * Owns the doorbells, not the memory.
 */
public final class DriverQueue implements AutoCloseable {
    private final DriverRing ring;
    private final long offset;
    private final EventDescriptor kick;
    private final EventDescriptor call;
    private IntSupplier notification;

    private DriverQueue(DriverRing ring, long offset, EventDescriptor kick, EventDescriptor call) {
        this.ring = ring;
        this.offset = offset;
        this.kick = kick;
        this.call = call;
        notification = kick::signal;
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

    /** The eventfd of the driver's available buffer notifications, for a device that can wait for it. */
    public EventDescriptor kick() {
        return kick;
    }

    /**
     * Sets what {@link #notifyDevice} does where it takes more than the eventfd, such as a write to a register. For the
     * transport, before the device starts.
     *
     * @param sent answers 0 or -errno; called on any thread, does not wait
     */
    public void notifyBy(IntSupplier sent) {
        notification = sent;
    }

    /**
     * Tells the device that chains are available (available buffer notification). Any thread.
     *
     * @return 0 or -errno: the device cannot be reached any more
     */
    public int notifyDevice() {
        return notification.getAsInt();
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

package dev.oriel.virtio;

import dev.oriel.virtio.memory.SharedMemoryRegion;
import dev.oriel.virtio.queue.ChainHandler;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a virtio device is to whatever carries it (vhost-user, or a bus of our own): its identity, its configuration
 * space and a taker for each of its queues. The carrier owns the rings, their threads and their notifications.
 */
public interface VirtioDevice {

    /** The device type: 26 for a file system (virtio 1.4, section 5). */
    int deviceId();

    /** The device's own feature bits (0 to 23); those of rings and transport are the carrier's. */
    long deviceFeatures();

    /** The number of virtqueues. */
    int queueCount();

    /** The size of the configuration space in bytes. */
    int configSize();

    /**
     * Reads the configuration space, little endian as virtio 1 wants it.
     *
     * @param offset where to begin; {@code offset + destination.byteSize()} is at most {@link #configSize()}
     */
    void readConfig(int offset, MemorySegment destination);

    /** Who takes the chains of queue {@code index}. Asked each time the queue starts. */
    ChainHandler queue(int index);

    /**
     * The driver is gone: the device was reset, or the connection to it ended. No queue runs and no chain is in flight.
     * The device forgets everything that the driver was given.
     */
    void reset();

    /**
     * The size of shared memory region {@code id} in bytes, a power of two, or 0 if the device has no such region
     * (virtio 1.4, section 2.10).
     */
    default long sharedMemoryRegionLength(int id) {
        return 0;
    }

    /**
     * Tells where region {@code id} is from now on, or with null that it is nowhere: the other side is gone, and with
     * it all that was mapped. Called while no queue runs. A device whose carrier has no shared memory is never told.
     */
    default void sharedMemoryRegion(int id, @Nullable SharedMemoryRegion region) {}
}

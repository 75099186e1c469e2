package dev.oriel.virtio;

import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A device as its driver sees it, whatever joins the two: vhost-user, or a bus. A driver asks what is asked here and
 * nothing else, so one driver works over all of them; how each question is put is the transport's matter (virtio 1.4,
 * section 4).
 *
 * <p>When there is a transport, features have been negotiated. What the device answers is checked here as far as it
 * concerns the transport: it may fail a call but neither hang nor crash this process. Set-up is for one thread; {@link
 * #close()} for any.
 */
public interface VirtioTransport extends AutoCloseable {

    /** What people call the device in messages. */
    String name();

    /** The features that both sides accept, {@link RingFeatures} among them. */
    long features();

    /** Most queues the device has; 1 if it does not say. */
    int maxQueues();

    /** Most descriptors that every queue of the device can have. */
    int maxQueueSize();

    /**
     * Reads from the configuration space of the device.
     *
     * @param size bytes, 1 to 256
     * @return the bytes; empty if the device does not have the configuration space or nothing there
     */
    Optional<byte[]> config(int offset, int size) throws IOException;

    /**
     * Where a shared memory region of the device is (virtio 1.4, section 2.10). PCI answers from a capability, MMIO
     * from registers, channel I/O by a command, vhost-user by a message.
     *
     * @return the region, owned by the transport; empty if the device has none of this id, or if the
     *     transport cannot show it as memory
     */
    Optional<SharedMemoryWindow> sharedMemoryRegion(int id) throws IOException;

    /**
     * Memory that the device can reach, all zero.
     *
     * @param size bytes, a multiple of the page size
     * @return the memory, owned by the caller, who closes it after the transport
     */
    DriverMemory allocate(long size) throws IOException;

    /**
     * Hands queues to the device and starts it.
     *
     * @param memory in which the queues are, of {@link #allocate}
     * @param queues in the order of their numbers; memory and queues stay owned by the caller and outlive this object
     */
    void start(DriverMemory memory, List<DriverQueue> queues) throws IOException;

    /**
     * A descriptor, owned by this object, for which poll(2) says POLLHUP once the device is gone or cannot be used
     * without a reset; -1 if that can never be.
     */
    int lifeDescriptor();

    /**
     * Stops the device and takes its shared memory regions away: access to them throws from now on. Does nothing the
     * second time.
     */
    @Override
    void close();
}

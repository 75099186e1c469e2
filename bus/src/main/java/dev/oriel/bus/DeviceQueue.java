package dev.oriel.bus;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Teardown;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.queue.Polling;
import dev.oriel.virtio.queue.QueueWorker;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.ring.RingLayout;
import java.util.function.Supplier;

/**
 * One virtqueue of a device as a driver sets it up over a bus (virtio 1.4, section 2.6): size, the addresses of its
 * three areas, enabled or not. It runs while it is enabled and the driver is ready.
 *
 * <p>What a driver sets while the queue is enabled changes nothing. Addresses are guest addresses. For the control
 * thread, but for {@link #notifyAvailable}.
 */
public final class DeviceQueue implements AutoCloseable {
    private final String name;
    private final int maxSize;
    private final Supplier<ChainHandler> handlers;
    private final QueueWorker worker;
    private final EventDescriptor available;

    private int size;
    private long descriptorArea;
    private long driverArea;
    private long deviceArea;
    private boolean enabled;

    /**
     * @param handlers says who takes the chains, each time the queue starts
     * @param available the eventfd on which the worker waits for available buffer notifications, owned by this object
     */
    DeviceQueue(
            String name, int maxSize, Supplier<ChainHandler> handlers, QueueWorker worker, EventDescriptor available)
            throws LinuxException {
        this.name = name;
        this.maxSize = maxSize;
        this.handlers = handlers;
        this.worker = worker;
        this.available = available;
        size = maxSize;
        worker.kickDescriptor(
                new Descriptor(LinuxException.check(FileCalls.dup(available.number()), "duplicate an eventfd")));
        worker.enable(true);
    }

    /** The most descriptors that the queue can have. */
    public int maxSize() {
        return maxSize;
    }

    /** Descriptors; at first {@link #maxSize()}. */
    public int size() {
        return size;
    }

    /** Sets the number of descriptors. Whether it is a possible one is found out when the queue starts. */
    public void size(int descriptors) {
        if (!enabled) {
            size = descriptors;
        }
    }

    /** Where the descriptors are. */
    public long descriptorArea() {
        return descriptorArea;
    }

    /** Sets where the descriptors are. */
    public void descriptorArea(long guestAddress) {
        if (!enabled) {
            descriptorArea = guestAddress;
        }
    }

    /** Where the driver area is. */
    public long driverArea() {
        return driverArea;
    }

    /** Sets where the available ring, or the driver's event suppression of a packed ring, is. */
    public void driverArea(long guestAddress) {
        if (!enabled) {
            driverArea = guestAddress;
        }
    }

    /** Where the device area is. */
    public long deviceArea() {
        return deviceArea;
    }

    /** Sets where the used ring, or the device's event suppression of a packed ring, is. */
    public void deviceArea(long guestAddress) {
        if (!enabled) {
            deviceArea = guestAddress;
        }
    }

    void polling(Polling polling) {
        worker.polling(polling);
    }

    /** Whether the driver enabled it. */
    public boolean enabled() {
        return enabled;
    }

    /** Whether the queue was started and not stopped. */
    public boolean running() {
        return worker.running();
    }

    void enabled(boolean value) {
        enabled = value;
    }

    /** Starts the queue with what was set. */
    void start(long features) throws InvalidSetupException {
        if (size < 1 || size > maxSize) {
            throw new InvalidSetupException(
                    "%s of %s descriptors, not 1 to %d".formatted(name, Integer.toUnsignedString(size), maxSize));
        }
        int base = (features & RingFeatures.RING_PACKED) != 0 ? RingLayout.PACKED_START : 0;
        try {
            worker.start(new QueueSetup(size, descriptorArea, driverArea, deviceArea, base, features), handlers.get());
        } catch (InvalidSetupException invalid) {
            throw new InvalidSetupException(name + ": " + invalid.getMessage());
        }
    }

    /** Stops the queue if it runs, and waits until its chains in flight are completed. */
    void stop() {
        int _ = worker.stop();
    }

    /** Stops the queue and forgets what was set (virtio 1.4, section 2.6.1). The driver can set it up anew. */
    public void reset() {
        stop();
        enabled = false;
        size = maxSize;
        descriptorArea = 0;
        driverArea = 0;
        deviceArea = 0;
    }

    /**
     * The driver says that it made buffers available (available buffer notification). Any thread; without effect while
     * the queue does not run.
     */
    public void notifyAvailable() {
        // an error means that the device is being closed
        int _ = available.signal();
    }

    @Override
    public void close() {
        Teardown all = new Teardown();
        all.step(worker::close);
        all.step(available::close);
        all.finish();
    }

    /** An address with its low half replaced. */
    public static long withLow(long address, int low) {
        return (address & 0xffff_ffff_0000_0000L) | Integer.toUnsignedLong(low);
    }

    /** An address with its high half replaced. */
    public static long withHigh(long address, int high) {
        return (address & 0xffff_ffffL) | ((long) high << 32);
    }
}

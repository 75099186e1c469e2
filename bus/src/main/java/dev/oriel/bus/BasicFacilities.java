package dev.oriel.bus;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Teardown;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.memory.MappableRegion;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import dev.oriel.virtio.queue.Polling;
import dev.oriel.virtio.queue.QueueWorker;
import dev.oriel.virtio.ring.RingFeatures;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The device end of a virtio device on a bus, as far as all buses have it in common (virtio 1.4, section 2, "Basic
 * Facilities of a Virtio Device"): the status field and its rules, feature bits, the configuration space, virtqueues
 * and the threads that serve them, shared memory regions. PCI, MMIO and channel I/O are ways to reach it: registers or
 * commands call the methods here.
 *
 * <pre>
 *   driver      ACKNOWLEDGE, DRIVER   features   FEATURES_OK   queues   DRIVER_OK           0
 *   status  0 ------------------------------------------------------------------------------> 0
 *   queues                                                     set up   run                 stopped, forgotten
 * </pre>
 *
 * <p>Whatever a driver does in whatever order has a meaning here and no exception: what cannot be, such as a ring
 * outside of memory, sets DEVICE_NEEDS_RESET, with one line in the log.
 *
 * <p>Threads: one control thread at a time calls everything here, status, features, configuration and queue set-up. Any
 * thread may call {@link DeviceQueue#notifyAvailable}, {@link #status()} and {@link #needsReset}. {@link #status(int)},
 * {@link #disable} and {@link #close} wait until requests in flight are completed.
 */
public final class BasicFacilities implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.bus");

    private static final int DRIVER_BITS = DeviceStatus.ACKNOWLEDGE
            | DeviceStatus.DRIVER
            | DeviceStatus.FEATURES_OK
            | DeviceStatus.DRIVER_OK
            | DeviceStatus.FAILED;

    /** The shared memory region that a device can have on a bus of ours. */
    private static final int REGION = 0;

    private final String name;
    private final VirtioDevice device;
    private final BusAttachment bus;
    private final @Nullable SharedMemoryRegion region;
    private final long offeredFeatures;
    private final DeviceQueue[] queues;
    private final AtomicInteger status = new AtomicInteger();
    private long driverFeatures;
    private boolean closed;

    /**
     * A device that was reset.
     *
     * @param name what the log calls it
     * @param device owned by the caller; it is told where its region is
     * @param memory the guest memory that rings and buffers are in, each region with the same guest and user address;
     *     owned by the caller, who may change it at any time, and closes it after this
     * @param maxQueueSize the most descriptors that a ring may have
     * @param busFeatures feature bits of the bus to offer, of {@link BusFeatures}
     * @param region shared memory region 0, owned by the caller; null if the bus has no place for it that the guest can
     *     use as memory
     * @param bus who tells the driver
     * @throws LinuxException if there are no file descriptors left
     */
    public BasicFacilities(
            String name,
            VirtioDevice device,
            GuestMemoryTable memory,
            int maxQueueSize,
            long busFeatures,
            @Nullable SharedMemoryRegion region,
            BusAttachment bus)
            throws LinuxException {
        this.name = name;
        this.device = device;
        this.bus = bus;
        this.region = region;
        offeredFeatures = device.deviceFeatures() | RingFeatures.ALL | busFeatures;
        queues = new DeviceQueue[device.queueCount()];
        try {
            for (int i = 0; i < queues.length; i++) {
                queues[i] = queue(i, memory, maxQueueSize);
            }
        } catch (LinuxException | RuntimeException | Error failed) {
            Teardown made = new Teardown();
            closeQueues(made);
            throw failed;
        }
        device.sharedMemoryRegion(REGION, region);
    }

    private DeviceQueue queue(int index, GuestMemoryTable memory, int maxSize) throws LinuxException {
        String queueName = "queue " + index;
        EventDescriptor available = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
        QueueWorker worker = null;
        try {
            worker = new QueueWorker(name + ", " + queueName, memory);
            worker.onCall(() -> usedBuffer(index));
            worker.onError(this::flagNeedsReset);
            return new DeviceQueue(queueName, maxSize, () -> device.queue(index), worker, available);
        } catch (LinuxException | RuntimeException | Error failed) {
            if (worker != null) {
                worker.close();
            }
            available.close();
            throw failed;
        }
    }

    /** A reset device is silent (virtio 1.4, section 2.4): what a pool's thread says late is not passed on. */
    private void usedBuffer(int index) {
        if ((status.get() & DeviceStatus.DRIVER_OK) != 0) {
            bus.notifyUsedBuffer(index);
        }
    }

    /** Sets how long queues look at their rings before they sleep; at first they sleep at once. */
    public void polling(Polling polling) {
        for (DeviceQueue queue : queues) {
            queue.polling(polling);
        }
    }

    /** What the log calls it. */
    public String name() {
        return name;
    }

    /** The device type (virtio 1.4, section 5). */
    public int deviceId() {
        return device.deviceId();
    }

    /** The status field, of {@link DeviceStatus}. Any thread. */
    public int status() {
        return status.get();
    }

    /**
     * The driver writes the status field. 0 resets the device. Otherwise bits are set: DRIVER_OK starts all enabled
     * queues. FEATURES_OK cannot be set if the device does not accept the driver's features, and no bit can be cleared:
     * such a write changes nothing.
     *
     * @param value one byte; bits that are not the driver's count for nothing
     * @return whether the field has the value now
     */
    public boolean status(int value) {
        if ((value & 0xff) == 0) {
            reset();
            return true;
        }
        int bits = value & DRIVER_BITS;
        int current = status.get() & DRIVER_BITS;
        int added = bits & ~current;
        boolean cleared = (current & ~bits) != 0;
        if (cleared || ((added & DeviceStatus.FEATURES_OK) != 0 && !acceptsFeatures())) {
            return false;
        }
        add(added);
        if ((added & DeviceStatus.DRIVER_OK) != 0) {
            startQueues();
        }
        return true;
    }

    private void startQueues() {
        if ((status.get() & DeviceStatus.FEATURES_OK) == 0) {
            needsReset("the driver is ready but has negotiated no features, as a legacy driver does");
            return;
        }
        for (DeviceQueue queue : queues) {
            if (queue.enabled()) {
                start(queue);
            }
        }
    }

    private int add(int bits) {
        return status.getAndAccumulate(bits, (current, more) -> current | more);
    }

    /** VERSION_1, nothing that was not offered. */
    private boolean acceptsFeatures() {
        return (driverFeatures & ~offeredFeatures) == 0 && (driverFeatures & RingFeatures.VERSION_1) != 0;
    }

    private void start(DeviceQueue queue) {
        if ((status.get() & DeviceStatus.DEVICE_NEEDS_RESET) != 0) {
            return;
        }
        try {
            queue.start(driverFeatures);
        } catch (InvalidSetupException invalid) {
            needsReset(invalid.getMessage());
        }
    }

    /**
     * Stops everything and forgets what the driver did, session and mappings included; then tells the bus. Returns when
     * nothing is in flight any more. As {@link #status(int)} with 0.
     */
    public void reset() {
        try {
            Teardown all = new Teardown();
            for (DeviceQueue queue : queues) {
                all.step(queue::reset);
            }
            all.step(device::reset);
            if (region instanceof MappableRegion mapped) {
                all.step(mapped::clear);
            }
            all.finish();
        } finally {
            // whatever became of its files: a driver that waits for 0 must not wait for ever
            driverFeatures = 0;
            status.set(0);
            bus.deviceReset();
        }
    }

    /**
     * Says that the device cannot go on (DEVICE_NEEDS_RESET): in the log, to the driver by a configuration change
     * notification. Queues that run still run. Any thread.
     *
     * @param why for people
     */
    public void needsReset(@Nullable String why) {
        LOGGER.log(Level.ERROR, "{0}: the driver has to reset the device: {1}", name, why);
        flagNeedsReset();
    }

    private void flagNeedsReset() {
        int before = add(DeviceStatus.DEVICE_NEEDS_RESET);
        if ((before & DeviceStatus.DEVICE_NEEDS_RESET) == 0 && (before & DeviceStatus.DRIVER_OK) != 0) {
            bus.notifyConfigurationChange();
        }
    }

    /** The feature bits that the device, its rings and its bus offer. */
    public long offeredFeatures() {
        return offeredFeatures;
    }

    /** 32 of the offered feature bits; 0 beyond the last. */
    public int offeredFeatures(int select) {
        return select == 0 ? (int) offeredFeatures : select == 1 ? (int) (offeredFeatures >>> 32) : 0;
    }

    /** 32 of the feature bits that the driver accepted. */
    public int driverFeatures(int select) {
        return select == 0 ? (int) driverFeatures : select == 1 ? (int) (driverFeatures >>> 32) : 0;
    }

    /** The driver accepts feature bits, 32 of them; not after FEATURES_OK, and none beyond the last that there are. */
    public void driverFeatures(int select, int value) {
        if ((status.get() & DeviceStatus.FEATURES_OK) != 0) {
            return;
        }
        if (select == 0) {
            driverFeatures = DeviceQueue.withLow(driverFeatures, value);
        } else if (select == 1) {
            driverFeatures = DeviceQueue.withHigh(driverFeatures, value);
        }
    }

    /** The size of the configuration space in bytes. */
    public int configSize() {
        return device.configSize();
    }

    /** Changes whenever the configuration does (virtio 1.4, section 2.5); that of a device here never does. */
    public int configGeneration() {
        return 0;
    }

    /**
     * Reads the configuration space. What lies outside of it reads as zeros.
     *
     * @param offset any
     */
    public void readConfig(long offset, MemorySegment destination) {
        destination.fill((byte) 0);
        long known = Math.min(destination.byteSize(), device.configSize() - offset);
        if (offset >= 0 && known > 0) {
            device.readConfig((int) offset, destination.asSlice(0, known));
        }
    }

    public int queueCount() {
        return queues.length;
    }

    /** A queue; null if there is none of this number, which may be any. */
    public @Nullable DeviceQueue queue(int index) {
        return index >= 0 && index < queues.length ? queues[index] : null;
    }

    /** The driver enables a queue: it runs from now on if the driver is ready, or once it is. */
    public void enable(DeviceQueue queue) {
        if (!queue.enabled()) {
            queue.enabled(true);
            if ((status.get() & DeviceStatus.DRIVER_OK) != 0) {
                start(queue);
            }
        }
    }

    /** The driver takes a queue back. What was set for it stays. */
    public void disable(DeviceQueue queue) {
        queue.stop();
        queue.enabled(false);
    }

    /** The length of a shared memory region in bytes; 0 if there is none of this id, which may be any. */
    public long sharedMemoryRegionLength(int id) {
        return id == REGION && region != null ? Math.min(region.length(), device.sharedMemoryRegionLength(id)) : 0;
    }

    private void closeQueues(Teardown all) {
        for (DeviceQueue queue : queues) {
            if (queue != null) {
                all.step(queue::close);
            }
        }
    }

    /** Resets the device, takes its region away and closes all descriptors. Does nothing the second time. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Teardown all = new Teardown();
        all.step(this::reset);
        all.step(() -> device.sharedMemoryRegion(REGION, null));
        closeQueues(all);
        all.finish();
    }
}

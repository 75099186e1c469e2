package dev.oriel.bus;

import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * The driver end of a device on a bus, as far as all buses have it in common: initialization in the order of virtio
 * 1.4, section 3.1, and what becomes of notifications. What a bus does in its own way is abstract here; that is all in
 * which the buses differ for a driver.
 *
 * <p>What a device answers is not believed: a count, an address or a status that cannot be fails a call with an {@link
 * IOException} that names the device. A device that does not come out of its reset is given up after a time limit.
 */
public abstract class BusTransport implements VirtioTransport {
    private static final int MAX_QUEUES = 1024;
    private static final int CONFIG_MAX = 256;
    private static final int CONFIG_ATTEMPTS = 100;
    private static final long RESET_NANOS = 5_000_000_000L;
    private static final long RESET_LOOK_NANOS = 100_000;

    /** The address and length of a shared memory region in guest memory. */
    public record Location(long address, long length) {}

    private final String name;
    private final MachineMemory memory;
    private final UnixSocket.Pair life;
    private long features;
    private int maxQueues;
    private int maxQueueSize;
    private volatile boolean lost;

    // Guarded by this.
    private final Map<Integer, SharedMemoryWindow> regions = new HashMap<>();
    private List<DriverQueue> queues = List.of();
    private boolean closed;
    private boolean changed;
    private boolean looking;

    /**
     * A device that was found.
     *
     * @param name what people call it in messages
     * @param memory the machine's, which outlives this object
     */
    protected BusTransport(String name, MachineMemory memory) throws LinuxException {
        this.name = name;
        this.memory = memory;
        life = UnixSocket.pair();
    }

    /** Reads the status field, of {@link DeviceStatus}. */
    protected abstract int status() throws IOException;

    /**
     * Writes the status field.
     *
     * @throws IOException if the bus says that the device refuses
     */
    protected abstract void status(int value) throws IOException;

    /** Resets the device. It may be asked whether it is done by {@link #status()}, which is 0 then. */
    protected abstract void reset() throws IOException;

    /** Reads 32 of the device's feature bits. */
    protected abstract int deviceFeatures(int select) throws IOException;

    /** Accepts 32 feature bits. */
    protected abstract void driverFeatures(int select, int value) throws IOException;

    /** The most descriptors of a queue; 0 if there is no such queue. */
    protected abstract int queueSizeMax(int queue) throws IOException;

    /** Tells the device where a queue is, and enables it. Addresses are guest addresses. */
    protected abstract void setQueue(int queue, int size, long descriptorArea, long driverArea, long deviceArea)
            throws IOException;

    /**
     * Prepares interrupts for queues. They lead to {@link #usedBuffers} and {@link #configurationChanged}, or signal
     * the eventfds of the queues themselves.
     */
    protected abstract void setInterrupts(List<DriverQueue> started) throws IOException;

    /** What notifies the device that a queue has available buffers: any thread, answers 0 or -errno. */
    protected abstract IntSupplier availableBufferNotification(int queue) throws IOException;

    /** Changes when the configuration does. */
    protected abstract int configGeneration() throws IOException;

    /** Reads the configuration space; bytes that it does not have may be anything. */
    protected abstract void readConfig(int offset, byte[] destination) throws IOException;

    /**
     * Where a shared memory region is; empty if there is none, or if the bus has no memory that can be used as such.
     */
    protected abstract Optional<Location> sharedMemoryLocation(int id) throws IOException;

    /** The memory of the machine. */
    protected final MachineMemory memory() {
        return memory;
    }

    /**
     * Resets the device and negotiates features. Called once, by the bus's own constructor or factory.
     *
     * @param wanted features to accept if offered; VERSION_1 is always demanded
     */
    protected final void negotiate(long wanted) throws IOException {
        resetAndWait();
        status(DeviceStatus.ACKNOWLEDGE);
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        long offered = Integer.toUnsignedLong(deviceFeatures(0)) | (long) deviceFeatures(1) << 32;
        if ((offered & RingFeatures.VERSION_1) == 0) {
            throw new IOException(name + " is not a virtio 1 device (its features are 0x" + Long.toHexString(offered)
                    + "); legacy devices are not supported");
        }
        features = offered & (wanted | RingFeatures.VERSION_1);
        driverFeatures(0, (int) features);
        driverFeatures(1, (int) (features >>> 32));
        int accepted = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
        status(accepted);
        int answered = status();
        if ((answered & (DeviceStatus.FEATURES_OK | DeviceStatus.DEVICE_NEEDS_RESET)) != DeviceStatus.FEATURES_OK) {
            throw new IOException(
                    "%s does not accept the features 0x%x (its status is 0x%x)".formatted(name, features, answered));
        }
        countQueues();
    }

    private void resetAndWait() throws IOException {
        reset();
        long start = System.nanoTime();
        while (status() != 0) {
            if (System.nanoTime() - start > RESET_NANOS) {
                throw new IOException(name + " does not come out of its reset; is it hung?");
            }
            LockSupport.parkNanos(this, RESET_LOOK_NANOS);
        }
    }

    private void countQueues() throws IOException {
        int smallest = Integer.MAX_VALUE;
        int count = 0;
        for (int size = queueSizeMax(0); size != 0; size = count < MAX_QUEUES ? queueSizeMax(count) : 0) {
            if (size < 0) {
                throw new IOException("%s says that queue %d has %s descriptors"
                        .formatted(name, count, Integer.toUnsignedString(size)));
            }
            smallest = Math.min(smallest, size);
            count++;
        }
        if (count == 0) {
            throw new IOException(name + " says that it has 0 queues");
        }
        maxQueues = count;
        maxQueueSize = smallest;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final long features() {
        return features;
    }

    @Override
    public final int maxQueues() {
        return maxQueues;
    }

    @Override
    public final int maxQueueSize() {
        return maxQueueSize;
    }

    /** Reads until the generation is the same before and after (virtio 1.4, section 2.5.1). */
    @Override
    public final Optional<byte[]> config(int offset, int size) throws IOException {
        if (offset < 0 || size < 1 || size > CONFIG_MAX - offset) {
            throw new IllegalArgumentException(
                    "configuration of " + size + " bytes at " + offset + "; there are at most " + CONFIG_MAX);
        }
        byte[] bytes = new byte[size];
        for (int attempt = 0; attempt < CONFIG_ATTEMPTS; attempt++) {
            int before = configGeneration();
            readConfig(offset, bytes);
            if (configGeneration() == before) {
                return Optional.of(bytes);
            }
        }
        throw new IOException(name + " changes its configuration all the time");
    }

    /** The bus says where the region is; the machine has a slot there or not. */
    @Override
    public final Optional<SharedMemoryWindow> sharedMemoryRegion(int id) throws IOException {
        Optional<Location> location = sharedMemoryLocation(id);
        if (location.isEmpty()) {
            return Optional.empty();
        }
        long address = location.get().address();
        long length = location.get().length();
        Optional<SharedMemoryWindow> slot = memory.slot(address, length);
        if (slot.isEmpty()) {
            throw new IOException(
                    "%s says that its shared memory region %d has 0x%x bytes at 0x%x, where the machine has no such memory"
                            .formatted(name, id, length, address));
        }
        synchronized (this) {
            return closed
                    ? Optional.empty()
                    : Optional.of(regions.computeIfAbsent(id, _ -> slot.get().view()));
        }
    }

    @Override
    public final DriverMemory allocate(long size) throws IOException {
        return memory.allocate(size, () -> !lost);
    }

    /** Whether the device could not be reset, and may go on to use the memory that it was given. */
    protected final boolean lost() {
        return lost;
    }

    @Override
    public final void start(DriverMemory ring, List<DriverQueue> started) throws IOException {
        synchronized (this) {
            queues = List.copyOf(started);
        }
        setInterrupts(started);
        for (int i = 0; i < started.size(); i++) {
            DriverQueue queue = started.get(i);
            setQueue(
                    i,
                    queue.ring().size(),
                    ring.guestAddress(queue.offset() + queue.ring().descriptorsOffset()),
                    ring.guestAddress(queue.offset() + queue.ring().driverOffset()),
                    ring.guestAddress(queue.offset() + queue.ring().deviceOffset()));
            queue.notifyBy(availableBufferNotification(i));
        }
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
        checkStatus();
    }

    private void checkStatus() throws IOException {
        int answered = status();
        if ((answered & DeviceStatus.DEVICE_NEEDS_RESET) != 0) {
            throw new IOException(name + " needs a reset (its status is 0x" + Integer.toHexString(answered)
                    + "); its own messages may say why");
        }
    }

    /** The device has used buffers of a queue. For interrupt handlers: any thread. */
    protected final synchronized void usedBuffers(int queue) {
        if (queue < queues.size()) {
            // an error could only be that it is closed
            int _ = queues.get(queue).call().signal();
        }
    }

    /** The device has used buffers of some queue. For interrupt handlers: any thread. */
    protected final synchronized void usedBuffers() {
        for (int i = 0; i < queues.size(); i++) {
            usedBuffers(i);
        }
    }

    /**
     * The configuration or the status of the device changed. For interrupt handlers: any thread. The status is read
     * later, since to ask may take as long as the device likes; by one thread, however often the device says so.
     */
    protected final synchronized void configurationChanged() {
        changed = true;
        if (!looking && !closed) {
            looking = true;
            Thread _ = Thread.ofVirtual().name(name + ", configuration").start(this::look);
        }
    }

    private void look() {
        while (true) {
            synchronized (this) {
                if (!changed || closed) {
                    looking = false;
                    notifyAll();
                    return;
                }
                changed = false;
            }
            lookAtStatus();
        }
    }

    /** Afterwards no thread of this object asks the device for anything. */
    private synchronized void awaitLook() {
        boolean interrupted = false;
        while (looking) {
            try {
                wait();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Reads the status now, because it may have changed. For a thread of the bus's own part that ends with {@link
     * #release}.
     */
    protected final void lookAtStatus() {
        try {
            checkStatus();
        } catch (IOException lost) {
            life.second().shutdown();
        }
    }

    /** One end of a pair of sockets; the other is shut down when the device says that it needs a reset. */
    @Override
    public final int lifeDescriptor() {
        return life.first().number();
    }

    /** Resets the device. The regions are the machine's, and stay there. */
    @Override
    public final void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            regions.values().forEach(SharedMemoryWindow::close);
        }
        try {
            resetAndWait();
        } catch (IOException failed) {
            lost = true;
            System.getLogger("dev.oriel.bus")
                    .log(
                            System.Logger.Level.WARNING,
                            "{0} could not be reset, and nobody else gets the memory that it was given: {1}",
                            name,
                            failed.getMessage());
        }
        synchronized (this) {
            queues = List.of();
        }
        awaitLook();
        release();
        life.close();
    }

    /** Ends without a reset: what was found is not a device for this driver. */
    protected final void leave() {
        synchronized (this) {
            closed = true;
        }
        awaitLook();
        release();
        life.close();
    }

    /** Gives back what the bus's own part took. The device was reset, or is none of ours. */
    protected abstract void release();
}

package dev.oriel.virtio.testing;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.ChainHandler;
import dev.oriel.virtio.GuestMemoryTable;
import dev.oriel.virtio.InvalidSetupException;
import dev.oriel.virtio.QueueSetup;
import dev.oriel.virtio.QueueWorker;
import dev.oriel.virtio.RingFeatures;
import dev.oriel.virtio.VirtioDevice;
import java.lang.foreign.MemorySegment;

/**
 * One queue with a device at one end and a driver at the other, in this process: real memory, a real ring, real eventfds, no transport.
 */
public final class Loopback implements AutoCloseable {
    private static final long MEMORY_SIZE = 16 << 20;

    private final SharedMemory shared;
    private final GuestMemoryTable table = new GuestMemoryTable();
    private final TestDriver driver;
    private final EventDescriptor error = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
    private final QueueWorker worker;
    private final long features;

    /** What a ring is made of. */
    public record Layout(int size, boolean packed, boolean indirect, boolean eventIndex) {
        /** As Linux makes it by default. */
        public static final Layout USUAL = new Layout(128, false, true, true);

        /** The bits that are negotiated for it. */
        public long features() {
            return RingFeatures.VERSION_1
                    | (packed ? RingFeatures.RING_PACKED : 0)
                    | (indirect ? RingFeatures.INDIRECT_DESC : 0)
                    | (eventIndex ? RingFeatures.EVENT_IDX : 0);
        }
    }

    /** Queue {@code index} of a device, started and enabled. */
    public Loopback(Layout layout, VirtioDevice device, int index) throws LinuxException, InvalidSetupException {
        this(layout, device, index, MEMORY_SIZE);
    }

    /** Queue {@code index} of a device, started and enabled, in so much memory. */
    public Loopback(Layout layout, VirtioDevice device, int index, long memorySize)
            throws LinuxException, InvalidSetupException {
        shared = new SharedMemory(memorySize);
        table.add(shared.region());
        features = layout.features();
        DriverRing ring =
                DriverRing.create(shared, layout.size(), layout.packed(), layout.indirect(), layout.eventIndex());
        driver = new TestDriver(shared, ring);
        worker = new QueueWorker("test queue " + index, device, index, table);
        worker.kickDescriptor(TestDriver.duplicate(driver.kickEvent()));
        worker.callDescriptor(TestDriver.duplicate(driver.callEvent()));
        worker.errorDescriptor(TestDriver.duplicate(error));
        worker.enable(true);
        start(ring.initialBase());
    }

    /** A queue whose chains go to a handler. */
    public Loopback(Layout layout, ChainHandler handler) throws LinuxException, InvalidSetupException {
        this(layout, new OneQueue(handler), 0);
    }

    public void start(int base) throws InvalidSetupException {
        DriverRing ring = driver.ring();
        worker.start(new QueueSetup(
                ring.size(),
                SharedMemory.userAddress(ring.areas().descriptors()),
                SharedMemory.userAddress(ring.areas().driver()),
                SharedMemory.userAddress(ring.areas().device()),
                base,
                features));
    }

    public TestDriver driver() {
        return driver;
    }

    public QueueWorker worker() {
        return worker;
    }

    public GuestMemoryTable table() {
        return table;
    }

    public SharedMemory shared() {
        return shared;
    }

    /** Waits until the queue says that it has failed. */
    public void awaitFailure() {
        TestDriver.awaitSignal(error, "the queue did not fail");
    }

    @Override
    public void close() {
        worker.close();
        table.close();
        driver.close();
        error.close();
        shared.close();
    }

    /** A device with one queue and no configuration. */
    private record OneQueue(ChainHandler handler) implements VirtioDevice {
        @Override
        public int deviceId() {
            return 42;
        }

        @Override
        public long deviceFeatures() {
            return 0;
        }

        @Override
        public int queueCount() {
            return 1;
        }

        @Override
        public int configSize() {
            return 0;
        }

        @Override
        public void readConfig(int offset, MemorySegment destination) {}

        @Override
        public ChainHandler queue(int index) {
            return handler;
        }

        @Override
        public void reset() {}
    }
}

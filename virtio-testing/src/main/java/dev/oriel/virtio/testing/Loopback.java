package dev.oriel.virtio.testing;

import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.queue.QueueWorker;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;

/**
 * One queue with a device at one end and a driver at the other, in this process: real memory, a real ring, real
 * eventfds, no transport.
 */
public final class Loopback implements AutoCloseable {
    private static final long MEMORY_SIZE = 16 << 20;

    private final SharedMemory shared;
    private final GuestMemoryTable table = new GuestMemoryTable();
    private final ScriptedQueue driver;
    private final EventDescriptor error = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
    private final QueueWorker worker;
    private final long features;
    private final ChainHandler handler;

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

    /** A queue whose chains go to a handler, started and enabled. */
    public Loopback(Layout layout, ChainHandler handler) throws LinuxException, InvalidSetupException {
        this(layout, handler, MEMORY_SIZE);
    }

    /** A queue whose chains go to a handler, started and enabled, in so much memory. */
    public Loopback(Layout layout, ChainHandler handler, long memorySize) throws LinuxException, InvalidSetupException {
        this.handler = handler;
        shared = new SharedMemory(memorySize);
        table.add(shared.region());
        features = layout.features();
        ScriptedRing ring =
                ScriptedRing.create(shared, layout.size(), layout.packed(), layout.indirect(), layout.eventIndex());
        driver = new ScriptedQueue(shared, ring);
        worker = new QueueWorker("test queue", table);
        worker.kickDescriptor(ScriptedQueue.duplicate(driver.kickEvent()));
        worker.callDescriptor(ScriptedQueue.duplicate(driver.callEvent()));
        worker.errorDescriptor(ScriptedQueue.duplicate(error));
        worker.enable(true);
        start(ring.initialBase());
    }

    public void start(int base) throws InvalidSetupException {
        ScriptedRing ring = driver.ring();
        QueueSetup setup = new QueueSetup(
                ring.size(),
                SharedMemory.userAddress(ring.areas().descriptors()),
                SharedMemory.userAddress(ring.areas().driver()),
                SharedMemory.userAddress(ring.areas().device()),
                base,
                features);
        worker.start(setup, handler);
    }

    public ScriptedQueue driver() {
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
        ScriptedQueue.awaitSignal(error, "the queue did not fail");
    }

    @Override
    public void close() {
        worker.close();
        table.close();
        driver.close();
        error.close();
        shared.close();
    }
}

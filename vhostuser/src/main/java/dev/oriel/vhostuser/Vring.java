package dev.oriel.vhostuser;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.queue.QueueWorker;
import dev.oriel.virtio.ring.QueueSetup;
import org.jspecify.annotations.Nullable;

/**
 * One queue as the front-end sets it up. It starts with SET_VRING_KICK and stops with GET_VRING_BASE, and chains are
 * taken while it is enabled besides.
 */
final class Vring implements AutoCloseable {
    private final VirtioDevice owner;
    private final int index;
    private final String name;
    private final int maxSize;
    private final QueueWorker worker;

    private int size;
    private boolean addressed;
    private long descriptors;
    private long driver;
    private long device;
    private int base;

    /** @throws LinuxException if there are no file descriptors left */
    Vring(String connection, VirtioDevice owner, int index, GuestMemoryTable memory, VhostUserBackend.Options options)
            throws LinuxException {
        this.owner = owner;
        this.index = index;
        name = "queue " + index;
        maxSize = options.maxQueueSize();
        worker = new QueueWorker(connection + ", " + name, memory);
        worker.polling(options.polling());
    }

    private void mustNotRun(String request) throws Refusal {
        if (worker.running()) {
            throw new Refusal(request + " of " + name + " while it runs");
        }
    }

    void size(int number) throws Refusal {
        mustNotRun("SET_VRING_NUM");
        if (number < 1 || number > maxSize) {
            throw new Refusal("SET_VRING_NUM of %s: %s descriptors, not 1 to %d"
                    .formatted(name, Integer.toUnsignedString(number), maxSize));
        }
        size = number;
    }

    void addresses(long descriptorArea, long driverArea, long deviceArea) throws Refusal {
        if (worker.running() && descriptors == descriptorArea && driver == driverArea && device == deviceArea) {
            // sent again only to say whether writes are to be logged
            return;
        }
        mustNotRun("SET_VRING_ADDR");
        descriptors = descriptorArea;
        driver = driverArea;
        device = deviceArea;
        addressed = true;
    }

    void base(int index) throws Refusal {
        mustNotRun("SET_VRING_BASE");
        base = index;
    }

    /** Starts the queue, or gives a running one another eventfd. */
    void kick(@Nullable Descriptor descriptor, long features) throws Refusal {
        worker.kickDescriptor(descriptor);
        if (worker.running()) {
            return;
        }
        if (size == 0 || !addressed) {
            throw new Refusal("SET_VRING_KICK of " + name + " before SET_VRING_NUM and SET_VRING_ADDR");
        }
        try {
            worker.start(new QueueSetup(size, descriptors, driver, device, base, features), owner.queue(index));
        } catch (InvalidSetupException invalid) {
            throw new Refusal("SET_VRING_KICK of " + name + ": " + invalid.getMessage());
        }
    }

    void call(@Nullable Descriptor descriptor) {
        worker.callDescriptor(descriptor);
    }

    void error(@Nullable Descriptor descriptor) {
        worker.errorDescriptor(descriptor);
    }

    void enable(boolean enable) {
        worker.enable(enable);
    }

    /** Stops the queue and answers where its ring stands. */
    int stop() {
        if (worker.running()) {
            base = worker.stop();
        }
        return base;
    }

    @Override
    public void close() {
        worker.close();
    }
}

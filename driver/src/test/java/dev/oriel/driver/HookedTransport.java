package dev.oriel.driver;

import dev.oriel.vhostuser.VhostUserFrontend;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.queue.DriverQueue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** vhost-user, with tests in between. */
class HookedTransport implements VirtioTransport {
    private final VirtioTransport behind;

    HookedTransport(Path socket) throws IOException {
        FuseClientOptions options = FuseClientOptions.DEFAULTS;
        behind = VhostUserFrontend.connect(socket, options.wantedFeatures(), options.timeLimit());
    }

    @Override
    public String name() {
        return behind.name();
    }

    @Override
    public long features() {
        return behind.features();
    }

    @Override
    public int maxQueues() {
        return behind.maxQueues();
    }

    @Override
    public int maxQueueSize() {
        return behind.maxQueueSize();
    }

    @Override
    public Optional<byte[]> config(int offset, int size) throws IOException {
        return behind.config(offset, size);
    }

    @Override
    public Optional<SharedMemoryWindow> sharedMemoryRegion(int id) throws IOException {
        return behind.sharedMemoryRegion(id);
    }

    @Override
    public DriverMemory allocate(long size) throws IOException {
        return behind.allocate(size);
    }

    @Override
    public void start(DriverMemory memory, List<DriverQueue> queues) throws IOException {
        behind.start(memory, queues);
    }

    @Override
    public int lifeDescriptor() {
        return behind.lifeDescriptor();
    }

    @Override
    public void close() {
        behind.close();
    }
}

package dev.oriel.virtio.testing;

import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.ring.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.BlockingQueue;

/**
 * A device of two queues that keeps what it is given, as if it waited for a disk.
 *
 * @param held gets the chains
 */
public record HoldingDevice(BlockingQueue<DescriptorChain> held) implements VirtioDevice {
    @Override
    public int deviceId() {
        return 26;
    }

    @Override
    public long deviceFeatures() {
        return 0;
    }

    @Override
    public int queueCount() {
        return 2;
    }

    @Override
    public int configSize() {
        return 0;
    }

    @Override
    public void readConfig(int offset, MemorySegment destination) {}

    @Override
    public ChainHandler queue(int index) {
        return held::add;
    }

    @Override
    public void reset() {}
}

package dev.oriel.vfiouser;

import dev.oriel.virtio.ChainHandler;
import dev.oriel.virtio.SharedMemoryRegion;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.testing.EchoHandler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A device that writes back what it reads, on every queue. Its configuration is the numbers from 1 on. */
final class EchoDevice implements VirtioDevice {
    static final int CONFIG_SIZE = 44;
    static final long REGION_LENGTH = 2 << 20;

    final AtomicInteger resets = new AtomicInteger();
    volatile @Nullable SharedMemoryRegion region;
    private final int queues;

    EchoDevice(int queues) {
        this.queues = queues;
    }

    @Override
    public int deviceId() {
        return 42;
    }

    @Override
    public long deviceFeatures() {
        return 1;
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int configSize() {
        return CONFIG_SIZE;
    }

    @Override
    public void readConfig(int offset, MemorySegment destination) {
        for (int i = 0; i < destination.byteSize(); i++) {
            destination.set(ValueLayout.JAVA_BYTE, i, (byte) (offset + i + 1));
        }
    }

    @Override
    public ChainHandler queue(int index) {
        return new EchoHandler();
    }

    @Override
    public void reset() {
        resets.incrementAndGet();
    }

    @Override
    public long sharedMemoryRegionLength(int id) {
        return id == 0 ? REGION_LENGTH : 0;
    }

    @Override
    public void sharedMemoryRegion(int id, @Nullable SharedMemoryRegion found) {
        region = found;
    }
}

package dev.oriel.virtio.testing;

import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import dev.oriel.virtio.queue.ChainHandler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A device that writes back what it reads, on every queue. Its configuration is the numbers from 1 on. */
public final class EchoDevice implements VirtioDevice {
    public static final int CONFIG_SIZE = 44;
    public static final long REGION_LENGTH = 2 << 20;

    public final AtomicInteger resets = new AtomicInteger();
    public volatile @Nullable SharedMemoryRegion region;

    /** Whether the next reset ends in an exception. */
    public volatile boolean resetFails;

    /** Whether it ends in an exception to take its region away. */
    public volatile boolean regionStays;

    private final int queues;
    private final long regionLength;

    public EchoDevice(int queues) {
        this(queues, REGION_LENGTH);
    }

    public EchoDevice(int queues, long regionLength) {
        this.queues = queues;
        this.regionLength = regionLength;
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
        if (resetFails) {
            throw new IllegalStateException("on purpose");
        }
    }

    @Override
    public long sharedMemoryRegionLength(int id) {
        return id == 0 ? regionLength : 0;
    }

    @Override
    public void sharedMemoryRegion(int id, @Nullable SharedMemoryRegion found) {
        region = found;
        if (found == null && regionStays) {
            throw new IllegalStateException("on purpose");
        }
    }
}

package dev.oriel.bus.mmio;

import static dev.oriel.bus.mmio.MmioRegisters.*;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.BusAttachment;
import dev.oriel.bus.DeviceQueue;
import dev.oriel.bus.InterruptLine;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The device end of a virtio device that is mapped into memory: the register file of version 2 (virtio 1.4, section
 * 4.2.2), and behind it the {@link BasicFacilities}.
 *
 * <p>Control registers answer 32-bit, aligned access only, the configuration space any. A selector may hold any number:
 * what it selects reads as absent then, and what is written there is lost.
 *
 * <p>Threads: any. Loads and stores of control registers happen one by one; QueueNotify, InterruptStatus and
 * InterruptACK wait for nobody, so that an interrupt handler may use them on the thread of a queue. A store to Status
 * that resets, or to QueueReady or QueueReset that stops a queue, returns when requests in flight are completed.
 */
public final class MmioDevice implements MmioBus, BusAttachment, AutoCloseable {
    private static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** QEMU's, as for all devices of ours that show one: Linux asks nothing of it. */
    private static final int VENDOR = 0x554d4551;

    private final BasicFacilities facilities;
    private final GuestMemoryTable memory;
    private final long regionAddress;
    private final InterruptLine line;
    private final AtomicInteger interruptStatus = new AtomicInteger();

    private int deviceFeaturesSel;
    private int driverFeaturesSel;
    private int queueSel;
    private int shmSel;

    /**
     * @param name what the log calls it
     * @param device owned by the caller, who closes it after this
     * @param memory guest memory; owned by this object from now on
     * @param maxQueueSize the most descriptors that a ring may have
     * @param region shared memory region 0, owned by the caller; null if there is none
     * @param regionAddress where the guest has it
     * @param line what interrupts the driver
     */
    public MmioDevice(
            String name,
            VirtioDevice device,
            GuestMemoryTable memory,
            int maxQueueSize,
            @Nullable SharedMemoryRegion region,
            long regionAddress,
            InterruptLine line)
            throws LinuxException {
        this.memory = memory;
        this.regionAddress = regionAddress;
        this.line = line;
        facilities = new BasicFacilities(name, device, memory, maxQueueSize, 0, region, this);
    }

    @Override
    public void notifyUsedBuffer(int queue) {
        interrupt(USED_BUFFER);
    }

    @Override
    public void notifyConfigurationChange() {
        interrupt(CONFIGURATION_CHANGE);
    }

    /** The line is level-triggered: it is raised when the first cause comes, and until none is left. */
    private void interrupt(int cause) {
        if (interruptStatus.getAndAccumulate(cause, (current, more) -> current | more) == 0) {
            line.raise();
        }
    }

    private void acknowledge(int causes) {
        if (interruptStatus.updateAndGet(current -> current & ~causes) != 0) {
            line.raise();
        }
    }

    @Override
    public void deviceReset() {
        interruptStatus.set(0);
        deviceFeaturesSel = 0;
        driverFeaturesSel = 0;
        queueSel = 0;
        shmSel = 0;
    }

    @Override
    public int read(int offset, int size) {
        if (offset >= CONFIG) {
            return readConfig(offset - CONFIG, size);
        }
        if (size != Integer.BYTES) {
            return 0;
        }
        return offset == INTERRUPT_STATUS ? interruptStatus.get() : readControl(offset);
    }

    private synchronized int readControl(int offset) {
        return switch (offset) {
            case MAGIC_VALUE -> MAGIC;
            case VERSION -> VERSION_2;
            case DEVICE_ID -> facilities.deviceId();
            case VENDOR_ID -> VENDOR;
            case DEVICE_FEATURES -> facilities.offeredFeatures(deviceFeaturesSel);
            case STATUS -> facilities.status();
            case CONFIG_GENERATION -> facilities.configGeneration();
            case SHM_LEN_LOW -> (int) shmLength();
            case SHM_LEN_HIGH -> (int) (shmLength() >>> 32);
            case SHM_BASE_LOW -> (int) shmBase();
            case SHM_BASE_HIGH -> (int) (shmBase() >>> 32);
            case QUEUE_SIZE_MAX -> {
                DeviceQueue queue = facilities.queue(queueSel);
                yield queue == null ? 0 : queue.maxSize();
            }
            case QUEUE_READY -> {
                DeviceQueue queue = facilities.queue(queueSel);
                yield queue != null && queue.enabled() ? 1 : 0;
            }
            // registers that are only written, and QueueReset, which is not offered
            default -> 0;
        };
    }

    private long shmLength() {
        long length = facilities.sharedMemoryRegionLength(shmSel);
        return length == 0 ? NO_REGION : length;
    }

    private long shmBase() {
        return facilities.sharedMemoryRegionLength(shmSel) == 0 ? NO_REGION : regionAddress;
    }

    private synchronized int readConfig(int offset, int size) {
        byte[] bytes = new byte[Integer.BYTES];
        if (size >= 1 && size <= bytes.length) {
            facilities.readConfig(offset, MemorySegment.ofArray(bytes).asSlice(0, size));
        }
        return MemorySegment.ofArray(bytes).get(LE_INT, 0);
    }

    @Override
    public void write(int offset, int size, int value) {
        if (size != Integer.BYTES) {
            // the configuration space of a file system is read-only
            return;
        }
        switch (offset) {
            case QUEUE_NOTIFY -> {
                DeviceQueue queue = facilities.queue(value);
                if (queue != null) {
                    queue.notifyAvailable();
                }
            }
            case INTERRUPT_ACK -> acknowledge(value);
            default -> writeControl(offset, value);
        }
    }

    private synchronized void writeControl(int offset, int value) {
        switch (offset) {
            case DEVICE_FEATURES_SEL -> deviceFeaturesSel = value;
            case DRIVER_FEATURES_SEL -> driverFeaturesSel = value;
            case DRIVER_FEATURES -> facilities.driverFeatures(driverFeaturesSel, value);
            case QUEUE_SEL -> queueSel = value;
            case SHM_SEL -> shmSel = value;
            case STATUS -> {
                boolean _ = facilities.status(value);
            }
            default -> {
                DeviceQueue queue = facilities.queue(queueSel);
                if (queue != null) {
                    writeQueue(queue, offset, value);
                }
            }
        }
    }

    private void writeQueue(DeviceQueue queue, int offset, int value) {
        switch (offset) {
            case QUEUE_SIZE -> queue.size(value);
            case QUEUE_DESC_LOW -> queue.descriptorArea(DeviceQueue.withLow(queue.descriptorArea(), value));
            case QUEUE_DESC_HIGH -> queue.descriptorArea(DeviceQueue.withHigh(queue.descriptorArea(), value));
            case QUEUE_DRIVER_LOW -> queue.driverArea(DeviceQueue.withLow(queue.driverArea(), value));
            case QUEUE_DRIVER_HIGH -> queue.driverArea(DeviceQueue.withHigh(queue.driverArea(), value));
            case QUEUE_DEVICE_LOW -> queue.deviceArea(DeviceQueue.withLow(queue.deviceArea(), value));
            case QUEUE_DEVICE_HIGH -> queue.deviceArea(DeviceQueue.withHigh(queue.deviceArea(), value));
            case QUEUE_READY -> {
                if (value == 1) {
                    facilities.enable(queue);
                } else if (value == 0) {
                    facilities.disable(queue);
                }
            }
            default -> {}
        }
    }

    /** Resets the device and ends it. */
    @Override
    public synchronized void close() {
        facilities.close();
        memory.close();
    }
}

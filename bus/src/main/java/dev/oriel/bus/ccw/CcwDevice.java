package dev.oriel.bus.ccw;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.BusAttachment;
import dev.oriel.bus.DeviceQueue;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import org.jspecify.annotations.Nullable;

/**
 * The device end of a virtio device over channel I/O: a control unit of type 0x3832 (virtio 1.4, section 4.3) in front
 * of the {@link BasicFacilities}. A {@link ChannelSubsystem} gives it a subchannel.
 *
 * <p>Commands come one at a time, from the subchannel. A command that resets the device, or stops a queue, ends when
 * requests in flight are completed.
 */
public final class CcwDevice implements AutoCloseable {
    private final BasicFacilities facilities;
    private final GuestMemoryTable memory;
    private final DeviceIndicators indicators;
    private final VirtioControlUnit unit;

    /**
     * A device on no subchannel.
     *
     * @param name what the log calls it
     * @param device owned by the caller, who closes it after this
     * @param memory guest memory; owned by this object from now on
     * @param maxQueueSize the most descriptors that a ring may have
     * @param region shared memory region 0, owned by the caller; null if there is none
     * @param regionAddress where the guest has it
     */
    public CcwDevice(
            String name,
            VirtioDevice device,
            GuestMemoryTable memory,
            int maxQueueSize,
            @Nullable SharedMemoryRegion region,
            long regionAddress)
            throws LinuxException {
        this.memory = memory;
        indicators = new DeviceIndicators(memory, device.queueCount());
        facilities = new BasicFacilities(name, device, memory, maxQueueSize, 0, region, new Attachment());
        unit = new VirtioControlUnit(facilities, indicators, regionAddress);
    }

    private final class Attachment implements BusAttachment {
        @Override
        public void notifyUsedBuffer(int queue) {
            indicators.notifyUsedBuffer(queue);
        }

        @Override
        public void notifyConfigurationChange() {
            indicators.notifyConfigurationChange();
        }

        @Override
        public void deviceReset() {
            indicators.forget();
        }
    }

    GuestMemoryTable memory() {
        return memory;
    }

    ControlUnit unit() {
        return unit;
    }

    DeviceIndicators indicators() {
        return indicators;
    }

    /** The driver says that a queue has available buffers; false if there is no such queue. Any thread. */
    boolean notifyAvailable(long notificationData) {
        DeviceQueue queue = facilities.queue((int) notificationData);
        if (queue != null) {
            queue.notifyAvailable();
        }
        return queue != null;
    }

    /** Resets the device and ends it. */
    @Override
    public void close() {
        facilities.close();
        memory.close();
    }
}

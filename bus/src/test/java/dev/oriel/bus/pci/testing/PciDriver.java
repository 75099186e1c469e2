package dev.oriel.bus.pci.testing;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.bus.DeviceStatus;
import dev.oriel.bus.pci.PciRegisters;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A driver of a virtio function over PCI, for tests: finds everything through the capability list, as Linux does, and
 * sets queues up. The rings' addresses are those at which the memory has its guest address.
 */
public final class PciDriver {
    /** The number of the configuration space, as VFIO counts regions; BARs are 0 to 5. */
    public static final int CONFIG = 7;

    private final Accesses accesses;
    private final Map<Integer, Part> parts = new HashMap<>();

    /** Where a queue is notified, which never changes. */
    private final Map<Integer, Long> notifyOffsets = new HashMap<>();

    private int msix;

    /** How a driver reaches the function. Values are little endian, of 1, 2, 4 or 8 bytes. */
    public interface Accesses {
        long read(int region, long offset, int size) throws Exception;

        void write(int region, long offset, int size, long value) throws Exception;
    }

    /** What a capability tells: where a part is. */
    public record Part(int capability, int bar, long offset, long length) {}

    public PciDriver(Accesses accesses) throws Exception {
        this.accesses = accesses;
        for (int at = config(PciRegisters.CAPABILITIES_POINTER, 1);
                at != 0;
                at = config(at + PciRegisters.CAP_NEXT, 1)) {
            if (config(at, 1) == PciRegisters.CAP_ID_VENDOR_SPECIFIC) {
                int type = config(at + PciRegisters.PART_TYPE, 1);
                boolean wide = type == PciRegisters.SHARED_MEMORY_CFG;
                long offset = Integer.toUnsignedLong(config(at + PciRegisters.PART_OFFSET, 4))
                        | (wide ? (long) config(at + PciRegisters.PART_OFFSET_HIGH, 4) << 32 : 0);
                long length = Integer.toUnsignedLong(config(at + PciRegisters.PART_LENGTH, 4))
                        | (wide ? (long) config(at + PciRegisters.PART_LENGTH_HIGH, 4) << 32 : 0);
                parts.put(type, new Part(at, config(at + PciRegisters.PART_BAR, 1), offset, length));
            } else if (config(at, 1) == PciRegisters.CAP_ID_MSIX) {
                msix = at;
            }
        }
    }

    /** Reads the configuration space. */
    public int config(int offset, int size) throws Exception {
        return (int) accesses.read(CONFIG, offset, size);
    }

    /** Where a part is, by type. */
    public Part part(int type) {
        Part part = parts.get(type);
        if (part == null) {
            throw new AssertionError("no capability of type " + type);
        }
        return part;
    }

    public boolean has(int type) {
        return parts.containsKey(type);
    }

    /** How many vectors there are. */
    public int vectors() throws Exception {
        return (config(msix + PciRegisters.MSIX_CONTROL, 2) & PciRegisters.MSIX_SIZE_MASK) + 1;
    }

    /** Turns MSI-X on, or off, or masks all. */
    public void interrupts(boolean enable, boolean mask) throws Exception {
        accesses.write(
                CONFIG,
                msix + PciRegisters.MSIX_CONTROL,
                2,
                (enable ? PciRegisters.MSIX_ENABLE : 0) | (mask ? PciRegisters.MSIX_MASK_ALL : 0));
    }

    /** Writes the control of a vector in the MSI-X table. */
    public void mask(int vector, boolean mask) throws Exception {
        int table = config(msix + PciRegisters.MSIX_TABLE, 4);
        accesses.write(
                table & 7,
                (table & ~7) + (long) PciRegisters.ENTRY_SIZE * vector + PciRegisters.ENTRY_CONTROL,
                4,
                mask ? 1 : 0);
    }

    /** Whether a vector is pending. */
    public boolean pending(int vector) throws Exception {
        int bits = config(msix + PciRegisters.MSIX_PENDING, 4);
        return (accesses.read(bits & 7, (bits & ~7) + vector / 8, 1) >>> vector % 8 & 1) != 0;
    }

    public long common(int offset, int size) throws Exception {
        return accesses.read(
                part(PciRegisters.COMMON_CFG).bar(),
                part(PciRegisters.COMMON_CFG).offset() + offset,
                size);
    }

    public void common(int offset, int size, long value) throws Exception {
        accesses.write(
                part(PciRegisters.COMMON_CFG).bar(),
                part(PciRegisters.COMMON_CFG).offset() + offset,
                size,
                value);
    }

    public int status() throws Exception {
        return (int) common(PciRegisters.DEVICE_STATUS, 1);
    }

    public void status(int value) throws Exception {
        common(PciRegisters.DEVICE_STATUS, 1, value);
    }

    /** Resets the device, and waits until it says that it is reset. */
    public void reset() throws Exception {
        status(0);
        long end = System.nanoTime() + ScriptedQueue.PATIENCE_MILLIS * 1_000_000L;
        while (status() != 0) {
            if (System.nanoTime() > end) {
                throw new AssertionError("the device is not reset");
            }
            Thread.onSpinWait();
        }
    }

    /** From reset to FEATURES_OK. */
    public void negotiate(long features) throws Exception {
        reset();
        status(DeviceStatus.ACKNOWLEDGE);
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        common(PciRegisters.DRIVER_FEATURE_SELECT, 4, 0);
        common(PciRegisters.DRIVER_FEATURE, 4, features & 0xffff_ffffL);
        common(PciRegisters.DRIVER_FEATURE_SELECT, 4, 1);
        common(PciRegisters.DRIVER_FEATURE, 4, features >>> 32);
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
    }

    /** Sets a queue up and enables it. */
    public void queue(int index, ScriptedRing ring, int vector) throws Exception {
        ScriptedRing.Areas areas = ring.areas();
        queue(
                index,
                ring.size(),
                SharedMemory.guestAddress(areas.descriptors()),
                SharedMemory.guestAddress(areas.driver()),
                SharedMemory.guestAddress(areas.device()),
                vector);
    }

    /** The same, with the three parts of its ring at any addresses. */
    public void queue(int index, int size, long descriptors, long driver, long device, int vector) throws Exception {
        common(PciRegisters.QUEUE_SELECT, 2, index);
        common(PciRegisters.QUEUE_SIZE, 2, size);
        common(PciRegisters.QUEUE_MSIX_VECTOR, 2, vector);
        common(PciRegisters.QUEUE_DESC, 8, descriptors);
        common(PciRegisters.QUEUE_DRIVER, 8, driver);
        common(PciRegisters.QUEUE_DEVICE, 8, device);
        common(PciRegisters.QUEUE_ENABLE, 2, 1);
    }

    /** Whether the device has met something that it cannot go on from. */
    public boolean needsReset() throws Exception {
        return (status() & DeviceStatus.DEVICE_NEEDS_RESET) != 0;
    }

    public void ready() throws Exception {
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
    }

    /** Tells a queue that there are available buffers. */
    public void notify(int queue) throws Exception {
        Part notify = part(PciRegisters.NOTIFY_CFG);
        Long offset = notifyOffsets.get(queue);
        if (offset == null) {
            common(PciRegisters.QUEUE_SELECT, 2, queue);
            int multiplier = config(notify.capability() + PciRegisters.NOTIFY_MULTIPLIER, 4);
            offset = notify.offset() + common(PciRegisters.QUEUE_NOTIFY_OFF, 2) * multiplier;
            notifyOffsets.put(queue, offset);
        }
        accesses.write(notify.bar(), offset, 2, queue);
    }

    /** Makes a request of 8 bytes and waits for its answer, which says whether the device echoes. */
    public boolean echoes(int queue, ScriptedQueue driver, long value) throws Exception {
        ScriptedRing.Buffer request = driver.buffer(8, false);
        ScriptedRing.Buffer answer = driver.buffer(8, true);
        driver.memory(request).set(JAVA_LONG_UNALIGNED, 0, value);
        if (driver.ring().offer(List.of(request, answer)) < 0) {
            throw new AssertionError("the ring is full");
        }
        if (driver.ring().kickWanted()) {
            notify(queue);
        }
        return driver.await().written() == 8 && driver.memory(answer).get(JAVA_LONG_UNALIGNED, 0) == value;
    }
}

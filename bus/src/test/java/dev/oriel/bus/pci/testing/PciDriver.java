package dev.oriel.bus.pci.testing;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.bus.DeviceStatus;
import dev.oriel.virtio.testing.DriverRing;
import dev.oriel.virtio.testing.SharedMemory;
import dev.oriel.virtio.testing.TestDriver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A driver of a virtio function over PCI, for tests: finds everything through the capability list, as Linux does, and sets queues up. The rings'
 * addresses are those at which the memory has its guest address.
 */
public final class PciDriver {
    /** The number of the configuration space, as VFIO counts regions; BARs are 0 to 5. */
    public static final int CONFIG = 7;

    public static final int COMMON = 1;
    public static final int NOTIFY = 2;
    public static final int ISR = 3;
    public static final int DEVICE = 4;
    public static final int PCI_CFG = 5;
    public static final int SHARED_MEMORY = 8;

    public static final int STATUS = 0x14;

    private static final int VENDOR_CAPABILITY = 9;
    private static final int MSIX_CAPABILITY = 0x11;

    private final Accesses accesses;
    private final Map<Integer, Part> parts = new HashMap<>();
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
        for (int at = config(0x34, 1); at != 0; at = config(at + 1, 1)) {
            if (config(at, 1) == VENDOR_CAPABILITY) {
                int type = config(at + 3, 1);
                boolean wide = type == SHARED_MEMORY;
                long offset = Integer.toUnsignedLong(config(at + 8, 4)) | (wide ? (long) config(at + 16, 4) << 32 : 0);
                long length = Integer.toUnsignedLong(config(at + 12, 4)) | (wide ? (long) config(at + 20, 4) << 32 : 0);
                parts.put(type, new Part(at, config(at + 4, 1), offset, length));
            } else if (config(at, 1) == MSIX_CAPABILITY) {
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
        return (config(msix + 2, 2) & 0x7ff) + 1;
    }

    /** Turns MSI-X on, or off, or masks all. */
    public void interrupts(boolean enable, boolean mask) throws Exception {
        accesses.write(CONFIG, msix + 2, 2, (enable ? 0x8000 : 0) | (mask ? 0x4000 : 0));
    }

    /** Writes the control of a vector in the MSI-X table. */
    public void mask(int vector, boolean mask) throws Exception {
        int table = config(msix + 4, 4);
        accesses.write(table & 7, (table & ~7) + 16L * vector + 12, 4, mask ? 1 : 0);
    }

    /** Whether a vector is pending. */
    public boolean pending(int vector) throws Exception {
        int bits = config(msix + 8, 4);
        return (accesses.read(bits & 7, (bits & ~7) + vector / 8, 1) >>> vector % 8 & 1) != 0;
    }

    public long common(int offset, int size) throws Exception {
        return accesses.read(part(COMMON).bar(), part(COMMON).offset() + offset, size);
    }

    public void common(int offset, int size, long value) throws Exception {
        accesses.write(part(COMMON).bar(), part(COMMON).offset() + offset, size, value);
    }

    public int status() throws Exception {
        return (int) common(STATUS, 1);
    }

    public void status(int value) throws Exception {
        common(STATUS, 1, value);
    }

    /** Resets the device, and waits until it says that it is reset. */
    public void reset() throws Exception {
        status(0);
        long end = System.nanoTime() + TestDriver.PATIENCE_MILLIS * 1_000_000L;
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
        common(8, 4, 0);
        common(0xc, 4, features & 0xffff_ffffL);
        common(8, 4, 1);
        common(0xc, 4, features >>> 32);
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
    }

    /** Sets a queue up and enables it. */
    public void queue(int index, DriverRing ring, int vector) throws Exception {
        common(0x16, 2, index);
        common(0x18, 2, ring.size());
        common(0x1a, 2, vector);
        common(0x20, 8, SharedMemory.guestAddress(ring.areas().descriptors()));
        common(0x28, 8, SharedMemory.guestAddress(ring.areas().driver()));
        common(0x30, 8, SharedMemory.guestAddress(ring.areas().device()));
        common(0x1c, 2, 1);
    }

    public void ready() throws Exception {
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
    }

    /** Tells a queue that there are available buffers. */
    public void notify(int queue) throws Exception {
        common(0x16, 2, queue);
        Part notify = part(NOTIFY);
        int multiplier = config(notify.capability() + 16, 4);
        accesses.write(notify.bar(), notify.offset() + common(0x1e, 2) * multiplier, 2, queue);
    }

    /** Makes a request of 8 bytes and waits for its answer, which says whether the device echoes. */
    public boolean echoes(int queue, TestDriver driver, long value) throws Exception {
        DriverRing.Buffer request = driver.buffer(8, false);
        DriverRing.Buffer answer = driver.buffer(8, true);
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

package dev.oriel.bus.pci;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where what is in a function, and the configuration space that says so (virtio 1.4, sections 4.1.2 and 4.1.4).
 *
 * <pre>
 *   BAR 0   0000  common configuration       BAR 2   shared memory region 0, if there is one: 64 bits, prefetchable
 *           1000  ISR status
 *           2000  device configuration
 *           3000  notifications: 4 bytes for each queue
 *           4000  MSI-X table
 *           5000  MSI-X pending bits
 * </pre>
 */
final class PciLayout {
    static final int REGISTERS_BAR = 0;
    static final int REGION_BAR = 2;

    static final int REGISTERS_LENGTH = 0x8000;
    static final int COMMON = 0x0000;
    static final int ISR = 0x1000;
    static final int DEVICE = 0x2000;
    static final int NOTIFY = 0x3000;
    static final int MSIX_TABLE = 0x4000;
    static final int MSIX_PENDING = 0x5000;

    /** Each part has a page. */
    static final int PART_MASK = 0xfff;

    /** How far the notifications of two queues are apart. */
    static final int NOTIFY_MULTIPLIER = 4;

    /** As many queues as their notifications, and vectors as the MSI-X table, have room for. */
    static final int MAX_QUEUES = 255;

    private static final int SUBSYSTEM = 0x1100;
    private static final int REVISION = 1;
    private static final int FILE_SYSTEM = 26;

    /** Mass storage, of no kind that has a code; and a device of no class at all. */
    private static final int CLASS_STORAGE = 0x018000;

    private static final int CLASS_NONE = 0xff0000;

    private final ConfigurationSpace configuration;
    private final int msix;
    private final int pciAccess;

    /**
     * @param deviceId the type of the device
     * @param configLength of the device's own configuration in bytes
     * @param regionLength of shared memory region 0 in bytes; 0 if there is none
     */
    PciLayout(int deviceId, int configLength, int queues, long regionLength) {
        if (queues > MAX_QUEUES) {
            throw new IllegalArgumentException(queues + " queues: a PCI function here has at most " + MAX_QUEUES);
        }
        int classCode = deviceId == FILE_SYSTEM ? CLASS_STORAGE : CLASS_NONE;
        configuration = new ConfigurationSpace(
                PciRegisters.VIRTIO_VENDOR, PciRegisters.VIRTIO_DEVICE + deviceId, REVISION, classCode, SUBSYSTEM);
        configuration.addBar(REGISTERS_BAR, REGISTERS_LENGTH);
        msix = configuration.addCapability(
                PciRegisters.CAP_ID_MSIX,
                body(PciRegisters.MSIX_CAP_SIZE - PciRegisters.MSIX_CONTROL)
                        .putShort((short) queues)
                        .putInt(MSIX_TABLE | REGISTERS_BAR)
                        .putInt(MSIX_PENDING | REGISTERS_BAR)
                        .array());
        configuration.makeWritable(msix, (PciRegisters.MSIX_ENABLE | PciRegisters.MSIX_MASK_ALL) << Short.SIZE);
        part(PciRegisters.COMMON_CFG, COMMON, PciRegisters.COMMON_SIZE, 0);
        int notify = part(PciRegisters.NOTIFY_CFG, NOTIFY, queues * NOTIFY_MULTIPLIER, Integer.BYTES);
        configuration.initialInt(notify + PciRegisters.NOTIFY_MULTIPLIER, NOTIFY_MULTIPLIER);
        part(PciRegisters.ISR_CFG, ISR, 1, 0);
        part(PciRegisters.DEVICE_CFG, DEVICE, configLength, 0);
        pciAccess = part(PciRegisters.PCI_CFG, 0, 0, Integer.BYTES);
        configuration.makeWritable(pciAccess + PciRegisters.PART_BAR, 0xff);
        configuration.makeWritable(pciAccess + PciRegisters.PART_OFFSET, -1);
        configuration.makeWritable(pciAccess + PciRegisters.PART_LENGTH, -1);
        configuration.makeWritable(pciAccess + PciRegisters.ACCESS_DATA, -1);
        if (regionLength > 0) {
            configuration.addPrefetchableBar(REGION_BAR, regionLength);
            int region = part(PciRegisters.SHARED_MEMORY_CFG, 0, (int) regionLength, 2 * Integer.BYTES);
            configuration.initialByte(region + PciRegisters.PART_BAR, REGION_BAR);
            configuration.initialInt(region + PciRegisters.PART_LENGTH_HIGH, (int) (regionLength >>> Integer.SIZE));
        }
        configuration.seal();
    }

    private static ByteBuffer body(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Adds a capability that says where a part is. */
    private int part(int type, int offset, int length, int more) {
        int size = PciRegisters.PART_SIZE + more;
        return configuration.addCapability(
                PciRegisters.CAP_ID_VENDOR_SPECIFIC,
                body(size - PciRegisters.PART_CAP_LENGTH)
                        .put((byte) size)
                        .put((byte) type)
                        .put((byte) REGISTERS_BAR)
                        .put(new byte[3])
                        .putInt(offset)
                        .putInt(length)
                        .array());
    }

    ConfigurationSpace configuration() {
        return configuration;
    }

    /** Where the MSI-X capability is; its message control is 2 bytes further. */
    int msix() {
        return msix;
    }

    /** Where the capability is by which BARs are accessed through the configuration space. */
    int pciAccess() {
        return pciAccess;
    }
}

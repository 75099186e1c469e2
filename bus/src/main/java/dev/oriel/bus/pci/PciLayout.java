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

    private static final int VENDOR = 0x1af4;
    private static final int DEVICE_ID = 0x1040;
    private static final int SUBSYSTEM = 0x1100;
    private static final int REVISION = 1;
    private static final int FILE_SYSTEM = 26;

    /** Mass storage, of no kind that has a code; and a device of no class at all. */
    private static final int CLASS_STORAGE = 0x018000;

    private static final int CLASS_NONE = 0xff0000;

    private static final int CAPABILITY_VENDOR = 0x09;
    private static final int CAPABILITY_MSIX = 0x11;

    /** Enable, and mask all. */
    private static final int MSIX_CONTROL_WRITABLE = 0xc000;

    private static final int CFG_COMMON = 1;
    private static final int CFG_NOTIFY = 2;
    private static final int CFG_ISR = 3;
    private static final int CFG_DEVICE = 4;
    private static final int CFG_PCI = 5;
    private static final int CFG_SHARED_MEMORY = 8;

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
        configuration = new ConfigurationSpace(VENDOR, DEVICE_ID + deviceId, REVISION, classCode, SUBSYSTEM);
        configuration.addBar(REGISTERS_BAR, REGISTERS_LENGTH);
        msix = configuration.addCapability(
                CAPABILITY_MSIX,
                body(10).putShort((short) queues)
                        .putInt(MSIX_TABLE | REGISTERS_BAR)
                        .putInt(MSIX_PENDING | REGISTERS_BAR)
                        .array());
        configuration.makeWritable(msix, MSIX_CONTROL_WRITABLE << Short.SIZE);
        part(CFG_COMMON, COMMON, CommonConfiguration.LENGTH, 0);
        int notify = part(CFG_NOTIFY, NOTIFY, queues * NOTIFY_MULTIPLIER, Integer.BYTES);
        configuration.initialInt(notify + 16, NOTIFY_MULTIPLIER);
        part(CFG_ISR, ISR, 1, 0);
        part(CFG_DEVICE, DEVICE, configLength, 0);
        pciAccess = part(CFG_PCI, 0, 0, Integer.BYTES);
        configuration.makeWritable(pciAccess + PciAccess.BAR, 0xff);
        configuration.makeWritable(pciAccess + PciAccess.OFFSET, -1);
        configuration.makeWritable(pciAccess + PciAccess.LENGTH, -1);
        configuration.makeWritable(pciAccess + PciAccess.DATA, -1);
        if (regionLength > 0) {
            configuration.addPrefetchableBar(REGION_BAR, regionLength);
            int region = part(CFG_SHARED_MEMORY, 0, (int) regionLength, 2 * Integer.BYTES);
            configuration.initialByte(region + 4, REGION_BAR);
            configuration.initialInt(region + 20, (int) (regionLength >>> Integer.SIZE));
        }
        configuration.seal();
    }

    private static ByteBuffer body(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Adds a capability that says where a part is.
     *
     * <pre>
     *   0     1      2        3      4     5    6         8        12        16
     *   | 9 | next | length | type | bar | id | padding | offset | length  | more
     * </pre>
     */
    private int part(int type, int offset, int length, int more) {
        int size = 16 + more;
        return configuration.addCapability(
                CAPABILITY_VENDOR,
                body(size - 2)
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

package dev.oriel.bus.pci;

/**
 * What both ends of a virtio device over PCI have to agree on, byte for byte: the configuration space, its
 * capabilities, MSI-X, and the common configuration. Offsets and sizes are in bytes, values little endian.
 *
 * <pre>
 *   configuration space                              common configuration
 *   00  vendor, device     10  BARs 0 to 5           00 device_feature_select   4      16 queue_select        2
 *   04  command, status    2c  subsystem             04 device_feature          4      18 queue_size          2
 *   08  revision, class    34  first capability      08 driver_feature_select   4      1a queue_msix_vector   2
 *   0e  header type        3c  interrupt line, pin   0c driver_feature          4      1c queue_enable        2
 *                          40  capabilities          10 config_msix_vector      2      1e queue_notify_off    2
 *                                                    12 num_queues              2      20 queue_desc          8
 *   capability of a part of a virtio device          14 device_status           1      28 queue_driver        8
 *   id 1, next 1, length 1, type 1,                  15 config_generation       1      30 queue_device        8
 *   bar 1, id 1, pad 2, offset 4, length 4, more
 * </pre>
 */
public final class PciRegisters {
    // The configuration space: byte offsets and bits (PCI Local Bus 3.0, section 6.1).

    public static final int VENDOR_ID = 0x00;
    public static final int DEVICE_ID = 0x02;
    public static final int COMMAND = 0x04;
    public static final int COMMAND_MEMORY = 0x2;
    public static final int COMMAND_BUS_MASTER = 0x4;
    public static final int COMMAND_INTX_DISABLE = 0x400;
    public static final int STATUS = 0x06;
    public static final int STATUS_CAPABILITIES = 0x10;
    public static final int REVISION = 0x08;
    public static final int CLASS = 0x09;
    public static final int CACHE_LINE_SIZE = 0x0c;
    public static final int LATENCY_TIMER = 0x0d;

    /** The first of {@link #BARS} base address registers of 4 bytes each. */
    public static final int BAR_0 = 0x10;

    public static final int SUBSYSTEM_VENDOR_ID = 0x2c;
    public static final int SUBSYSTEM_ID = 0x2e;
    public static final int CAPABILITIES_POINTER = 0x34;
    public static final int INTERRUPT_LINE = 0x3c;
    public static final int FIRST_CAPABILITY = 0x40;
    public static final int SPACE_SIZE = 256;
    public static final int BARS = 6;

    // The flags of a BAR.

    public static final int BAR_IO = 0x1;
    public static final int BAR_TYPE_MASK = 0x6;
    public static final int BAR_64_BIT = 0x4;
    public static final int BAR_PREFETCHABLE = 0x8;
    public static final int BAR_FLAGS = 0xf;

    // Every capability, from its start.

    public static final int CAP_ID = 0;
    public static final int CAP_NEXT = 1;
    public static final int CAP_ID_VENDOR_SPECIFIC = 0x09;
    public static final int CAP_ID_MSIX = 0x11;

    // The capability of a part of a virtio device (virtio 1.4, section 4.1.4), from its start: what follows it depends
    // on its type.

    public static final int PART_CAP_LENGTH = 2;
    public static final int PART_TYPE = 3;
    public static final int PART_BAR = 4;
    public static final int PART_ID = 5;
    public static final int PART_OFFSET = 8;
    public static final int PART_LENGTH = 12;

    /** Bytes of such a capability, with nothing more in it. */
    public static final int PART_SIZE = 16;

    /** Of a shared memory region, as its length. */
    public static final int PART_OFFSET_HIGH = 16;

    public static final int PART_LENGTH_HIGH = 20;

    /** Bytes of the capability of a shared memory region. */
    public static final int PART_SIZE_64 = 24;

    /** Of the notifications: how far those of two queues are apart. */
    public static final int NOTIFY_MULTIPLIER = 16;

    public static final int NOTIFY_SIZE = 20;

    /** Of the access to BARs through the configuration space. */
    public static final int ACCESS_DATA = 16;

    public static final int ACCESS_SIZE = 20;

    // The types of parts.

    public static final int COMMON_CFG = 1;
    public static final int NOTIFY_CFG = 2;
    public static final int ISR_CFG = 3;
    public static final int DEVICE_CFG = 4;
    public static final int PCI_CFG = 5;
    public static final int SHARED_MEMORY_CFG = 8;

    // The MSI-X capability, from its start (PCI Local Bus 3.0, section 6.8.2). The lowest bits of table and pending
    // bits are the BAR.

    public static final int MSIX_CONTROL = 2;
    public static final int MSIX_TABLE = 4;
    public static final int MSIX_PENDING = 8;
    public static final int MSIX_CAP_SIZE = 12;

    /** The number of vectors, less one. */
    public static final int MSIX_SIZE_MASK = 0x7ff;

    public static final int MSIX_MASK_ALL = 0x4000;
    public static final int MSIX_ENABLE = 0x8000;
    public static final int MSIX_BAR_MASK = 0x7;

    // An entry of the MSI-X table.

    public static final int ENTRY_ADDRESS = 0;
    public static final int ENTRY_ADDRESS_HIGH = 4;
    public static final int ENTRY_DATA = 8;
    public static final int ENTRY_CONTROL = 12;
    public static final int ENTRY_SIZE = 16;
    public static final int ENTRY_MASKED = 0x1;

    // The common configuration (virtio 1.4, section 4.1.4.3).

    public static final int DEVICE_FEATURE_SELECT = 0x00;
    public static final int DEVICE_FEATURE = 0x04;
    public static final int DRIVER_FEATURE_SELECT = 0x08;
    public static final int DRIVER_FEATURE = 0x0c;
    public static final int CONFIG_MSIX_VECTOR = 0x10;
    public static final int NUM_QUEUES = 0x12;
    public static final int DEVICE_STATUS = 0x14;
    public static final int CONFIG_GENERATION = 0x15;
    public static final int QUEUE_SELECT = 0x16;
    public static final int QUEUE_SIZE = 0x18;
    public static final int QUEUE_MSIX_VECTOR = 0x1a;
    public static final int QUEUE_ENABLE = 0x1c;
    public static final int QUEUE_NOTIFY_OFF = 0x1e;
    public static final int QUEUE_DESC = 0x20;
    public static final int QUEUE_DRIVER = 0x28;
    public static final int QUEUE_DEVICE = 0x30;

    /** What every driver needs of it. */
    public static final int COMMON_SIZE_MIN = 0x38;

    public static final int COMMON_SIZE = 0x40;

    /** In place of a vector: no interrupt. */
    public static final int NO_VECTOR = 0xffff;

    /** The vendor of virtio devices. */
    public static final int VIRTIO_VENDOR = 0x1af4;

    /** To this the device type is added: the device of a virtio 1 function. */
    public static final int VIRTIO_DEVICE = 0x1040;

    private PciRegisters() {}
}

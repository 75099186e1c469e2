package dev.oriel.vhostuser.wire;

/**
 * Where the fields of payloads are (vhost-user protocol, "Message Specification"): offsets from the start of the
 * payload and sizes, in bytes.
 *
 * <pre>
 *   vring state   { index 4, number 4 }
 *   vring address { index 4, flags 4, descriptors 8, used 8, available 8, log 8 }
 *   region        { guest address 8, size 8, user address 8, mmap offset 8 }
 *   table         { count 4, pad 4, count x region }                      one descriptor for each region
 *   single region { pad 8, region }                                       one descriptor
 *   config        { offset 4, size 4, flags 4, bytes }
 *   shared memory { count 4, pad 4, 256 x length 8 }
 *   mapping       { region id 1, pad 7, fd offset 8, region offset 8, length 8, flags 8 }
 * </pre>
 */
public final class PayloadLayout {
    /** Of vring state and vring address: which queue. */
    public static final int VRING_INDEX = 0;

    /** Of vring state: a size, a place in the ring, or whether the ring is enabled. */
    public static final int VRING_NUMBER = 4;

    public static final int VRING_STATE_SIZE = 8;

    /** A user address, as the two others. */
    public static final int VRING_DESCRIPTORS = 8;

    public static final int VRING_USED = 16;
    public static final int VRING_AVAILABLE = 24;
    public static final int VRING_LOG = 32;
    public static final int VRING_ADDR_SIZE = 40;

    /** In the number that comes with an eventfd: which queue. */
    public static final int VRING_INDEX_MASK = 0xff;

    /** In that number: there is no eventfd. */
    public static final int VRING_NO_DESCRIPTOR = 0x100;

    /** Offsets in a region. */
    public static final int REGION_GUEST_ADDRESS = 0;

    public static final int REGION_LENGTH = 8;
    public static final int REGION_USER_ADDRESS = 16;
    public static final int REGION_MMAP_OFFSET = 24;
    public static final int REGION_SIZE = 32;

    public static final int TABLE_COUNT = 0;

    /** The first region of a table. */
    public static final int TABLE_REGIONS = 8;

    /** The most regions of a table, as each comes with a descriptor. */
    public static final int TABLE_MAX_REGIONS = 8;

    /** Room for Xen's two more fields in each region, which padded tables may have. */
    public static final int TABLE_MAX_SIZE = TABLE_REGIONS + TABLE_MAX_REGIONS * (REGION_SIZE + 8);

    public static final int SINGLE_REGION = 8;
    public static final int SINGLE_REGION_SIZE = SINGLE_REGION + REGION_SIZE;

    public static final int CONFIG_OFFSET = 0;
    public static final int CONFIG_SIZE = 4;
    public static final int CONFIG_FLAGS = 8;
    public static final int CONFIG_BYTES = 12;

    /** Bytes of configuration space in one message at most. */
    public static final int CONFIG_MAX_SIZE = 256;

    public static final int SHMEM_COUNT = 0;

    /** The length of region 0. */
    public static final int SHMEM_LENGTHS = 8;

    public static final int SHMEM_CONFIG_SIZE = SHMEM_LENGTHS + 256 * Long.BYTES;

    public static final int MAPPING_REGION = 0;
    public static final int MAPPING_FD_OFFSET = 8;
    public static final int MAPPING_OFFSET = 16;
    public static final int MAPPING_LENGTH = 24;
    public static final int MAPPING_FLAGS = 32;
    public static final int MAPPING_SIZE = 40;

    /** Of a mapping's flags: the guest may write. */
    public static final long MAPPING_WRITABLE = 1;

    private PayloadLayout() {}
}

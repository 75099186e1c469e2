package dev.oriel.virtio.ring;

/** The feature bits that decide how rings work (virtio 1.4, section 6). Masks, not bit numbers. */
public final class RingFeatures {
    /** A descriptor may refer to a table of descriptors. */
    public static final long INDIRECT_DESC = 1L << 28;

    /** Each side says at which index it wants the next notification. */
    public static final long EVENT_IDX = 1L << 29;

    /** The device is a virtio 1 device: rings and configuration are little endian. */
    public static final long VERSION_1 = 1L << 32;

    /** The packed layout of rings. */
    public static final long RING_PACKED = 1L << 34;

    /** All that rings of either end can do. */
    public static final long ALL = INDIRECT_DESC | EVENT_IDX | VERSION_1 | RING_PACKED;

    private RingFeatures() {}
}

package dev.oriel.virtio.ring;

/**
 * Where everything is in a ring of N descriptors, for both ends (virtio 1.4, sections 2.7 and 2.8). Offsets and sizes
 * are in bytes, values little endian.
 *
 * <pre>
 *   split ring    descriptors    N x { address 8, length 4, flags 2, next 2 }
 *                 available      flags 2, idx 2, N x { head 2 }, used_event 2             written by the driver
 *                 used           flags 2, idx 2, N x { id 4, length 4 }, avail_event 2    written by the device
 *
 *   packed ring   descriptors    N x { address 8, length 4, id 2, flags 2 }               written by both
 *                 driver event   { off_wrap 2, flags 2 }                                  when the driver wants to be notified
 *                 device event   { off_wrap 2, flags 2 }                                  when the device wants to be notified
 * </pre>
 *
 * <p>Indirect tables are descriptors too, of the ring's own kind. In a split ring indices count for ever, modulo 2^16;
 * an element is at the index modulo N. In a packed ring both sides go round the descriptors, and each has a wrap
 * counter that turns with every round.
 */
public final class RingLayout {
    /** Bytes of a descriptor, in both kinds of rings. */
    public static final int DESCRIPTOR_SIZE = 16;

    /** The guest address of a buffer. */
    public static final long ADDRESS = 0;

    /** Its length, 32 bits unsigned. */
    public static final long LENGTH = 8;

    /** Of a split ring. */
    public static final long SPLIT_FLAGS = 12;

    /** Of a split ring: the descriptor that follows. */
    public static final long SPLIT_NEXT = 14;

    /** Of a packed ring: the buffer id. */
    public static final long PACKED_ID = 12;

    /** Of a packed ring. */
    public static final long PACKED_FLAGS = 14;

    /** Flags of a descriptor: another follows. */
    public static final int DESC_F_NEXT = 0x1;

    /** The device writes the buffer. */
    public static final int DESC_F_WRITE = 0x2;

    /** The buffer is a table of descriptors. */
    public static final int DESC_F_INDIRECT = 0x4;

    /** Of a packed ring: made available, if it is the driver's wrap counter and USED is not. */
    public static final int DESC_F_AVAIL = 0x80;

    /** Of a packed ring: used, if it and AVAIL are the device's wrap counter. */
    public static final int DESC_F_USED = 0x8000;

    /** Of the available and the used ring: what notifications are not wanted. */
    public static final long RING_FLAGS = 0;

    /** Of the available and the used ring: how many elements there were, modulo 2^16. */
    public static final long RING_INDEX = 2;

    /** Of the available and the used ring: the first element. */
    public static final long RING_ELEMENTS = 4;

    public static final long AVAIL_ELEMENT_SIZE = 2;
    public static final long USED_ELEMENT_SIZE = 8;

    /** Of an element of the used ring: the head of the chain. */
    public static final long USED_ID = 0;

    /** Of an element of the used ring: bytes written. */
    public static final long USED_LENGTH = 4;

    public static final int AVAIL_F_NO_INTERRUPT = 0x1;
    public static final int USED_F_NO_NOTIFY = 0x1;

    /** Bytes of a used_event or avail_event. */
    public static final long EVENT_INDEX_SIZE = 2;

    /** Of an event structure of a packed ring: the descriptor, and the wrap counter in its highest bit. */
    public static final long EVENT_OFF_WRAP = 0;

    public static final long EVENT_FLAGS = 2;
    public static final long EVENT_SIZE = 4;

    /** The flags of an event structure: always, never, or at the descriptor that it says (VIRTIO_F_EVENT_IDX). */
    public static final int EVENT_ENABLE = 0;

    public static final int EVENT_DISABLE = 1;
    public static final int EVENT_DESC = 2;
    public static final int EVENT_FLAGS_MASK = 0x3;

    /** The wrap counter in an off_wrap, and in either half of the place where a packed ring stands. */
    public static final int WRAP = 0x8000;

    /** Where a new packed ring stands, as vhost-user's SET_VRING_BASE says it: both wrap counters begin at 1. */
    public static final int PACKED_START = WRAP << 16 | WRAP;

    /** The alignment of descriptors, in both kinds of rings. */
    public static final int DESCRIPTOR_ALIGNMENT = 16;

    public static final int AVAIL_ALIGNMENT = 2;
    public static final int USED_ALIGNMENT = 4;
    public static final int EVENT_ALIGNMENT = 4;

    /** Bytes of the descriptors. */
    public static long descriptorsSize(int size) {
        return (long) DESCRIPTOR_SIZE * size;
    }

    /** Where used_event is in an available ring: behind its elements. */
    public static long usedEvent(int size) {
        return RING_ELEMENTS + AVAIL_ELEMENT_SIZE * size;
    }

    /** Where avail_event is in a used ring: behind its elements. */
    public static long availEvent(int size) {
        return RING_ELEMENTS + USED_ELEMENT_SIZE * size;
    }

    private RingLayout() {}
}

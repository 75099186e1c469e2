package dev.oriel.virtio.ring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The driver's end of a ring, split or packed: makes chains of buffers available to a device and takes them back used.
 *
 * <pre>
 *   readable(...) writable(...) offer(token)   ... as often as wanted ...   publish() -> kick?
 *   poll() -> token, usedLength()
 * </pre>
 *
 * <p>All that it relies on is private: what the device can write is read once and checked, and a device that gives back
 * what it never got, or more bytes than there was room for, breaks the ring for good. Nothing here allocates after
 * construction. For one thread at a time.
 *
 * <p>With indirect descriptors a chain takes one place in the ring; its table has a fixed place behind the ring:
 *
 * <pre>
 *   +------------------------------+-----------------------------------------------+
 *   | the parts of the ring        | tables: size x CHAIN_MAX x 16                 |
 *   +------------------------------+-----------------------------------------------+
 * </pre>
 */
public abstract sealed class DriverRing permits DriverSplitRing, DriverPackedRing {
    /** Most pieces of memory in a chain. */
    public static final int CHAIN_MAX = 8;

    /** {@link #poll}: the device gave nothing more back. */
    public static final int NONE = -1;

    /** {@link #poll}: what the device wrote is no ring; {@link #fault()} says why. */
    public static final int BROKEN = -2;

    static final ValueLayout.OfLong LONG = JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort SHORT = JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final VarHandle SHORTS = SHORT.varHandle();

    private static final int TABLE_SIZE = CHAIN_MAX * RingLayout.DESCRIPTOR_SIZE;
    private static final int ALIGNMENT = 64;

    final MemorySegment memory;
    final int size;
    final boolean indirect;
    final boolean eventIndex;

    /** The pieces of the chain that is being built. */
    final long[] addresses = new long[CHAIN_MAX];

    final int[] lengths = new int[CHAIN_MAX];
    int pieces;
    int readablePieces;

    private final long guestAddress;
    private final long tables;
    private final int[] tokens;
    /** Bytes the device may write into each chain; -1 for one that is not with the device. */
    private final long[] rooms;

    private long room;
    private int outstanding;
    private int usedLength;
    private @Nullable String fault;

    DriverRing(MemorySegment memory, long guestAddress, int size, long features, long partsSize) {
        this.memory = memory;
        this.guestAddress = guestAddress;
        this.size = size;
        indirect = (features & RingFeatures.INDIRECT_DESC) != 0;
        eventIndex = (features & RingFeatures.EVENT_IDX) != 0;
        tables = align(partsSize);
        tokens = new int[size];
        rooms = new long[size];
        Arrays.fill(rooms, -1);
    }

    /** The bytes a ring takes, with its tables; a multiple of 64. */
    public static long bytes(int size, long features) {
        long parts = isPacked(features) ? DriverPackedRing.partsSize(size) : DriverSplitRing.partsSize(size);
        return align(parts) + (long) size * TABLE_SIZE;
    }

    /**
     * Lays out a new ring in memory that is all zero.
     *
     * @param memory exactly {@link #bytes} bytes, at a multiple of 64
     * @param guestAddress where the device sees the memory
     * @param size descriptors, a power of two up to 32768
     * @param features what was negotiated, of {@link RingFeatures}; VERSION_1 is taken for granted
     */
    public static DriverRing create(MemorySegment memory, long guestAddress, int size, long features) {
        if (size < CHAIN_MAX || size > 1 << 15 || Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException(
                    "a ring of " + size + " descriptors; it takes a power of two from " + CHAIN_MAX + " to 32768");
        }
        return isPacked(features)
                ? new DriverPackedRing(memory, guestAddress, size, features)
                : new DriverSplitRing(memory, guestAddress, size, features);
    }

    private static boolean isPacked(long features) {
        return (features & RingFeatures.RING_PACKED) != 0;
    }

    static long align(long bytes) {
        return bytes + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /** Descriptors. */
    public final int size() {
        return size;
    }

    /** How many chains the device has. */
    public final int outstanding() {
        return outstanding;
    }

    /** Where the descriptors are, from the start of the memory. */
    public abstract long descriptorsOffset();

    /** Where the available ring (split) or the driver's event structure (packed) is. */
    public abstract long driverOffset();

    /** Where the used ring (split) or the device's event structure (packed) is. */
    public abstract long deviceOffset();

    /** Where a device begins, as vhost-user's SET_VRING_BASE wants it. */
    public abstract int base();

    /** Adds memory to the chain that the device reads; before all that it writes. */
    public final void readable(long address, int length) {
        addresses[pieces] = address;
        lengths[pieces] = length;
        pieces++;
        readablePieces++;
    }

    /** Adds memory to the chain that the device writes. */
    public final void writable(long address, int length) {
        addresses[pieces] = address;
        lengths[pieces] = length;
        pieces++;
        room += length;
    }

    /**
     * Makes the chain available. The device may see it at once or at the next {@link #publish()}.
     *
     * @param token comes back from {@link #poll()}; 0 or more
     * @return false if the ring has no room: then the chain is forgotten, and can be built again after some came back
     */
    public final boolean offer(int token) {
        int id = fault == null ? place() : NONE;
        boolean placed = id != NONE;
        if (placed) {
            tokens[id] = token;
            rooms[id] = room;
            outstanding++;
        }
        pieces = 0;
        readablePieces = 0;
        room = 0;
        return placed;
    }

    /** Writes the chain into the ring: its id, or NONE. */
    abstract int place();

    /** Lets the device see all that was offered; whether it asked to be kicked for it. */
    public abstract boolean publish();

    /** Takes the next chain that the device gave back: its token, {@link #NONE} or {@link #BROKEN}. */
    public abstract int poll();

    /** Whether {@link #poll()} would answer something else than {@link #NONE}. */
    public abstract boolean hasUsed();

    /**
     * The bytes the device says it wrote into the chain that {@link #poll()} answered last; never more than there was
     * room.
     */
    public final int usedLength() {
        return usedLength;
    }

    /** Asks the device not to interrupt; it may do so nevertheless. */
    public abstract void disableInterrupts();

    /**
     * Asks the device to interrupt when it gives back the next chain.
     *
     * @return whether it gave something back already, for which no interrupt may come
     */
    public abstract boolean enableInterrupts();

    /** What broke the ring. */
    public final @Nullable String fault() {
        return fault;
    }

    /** Whether the device has a chain of this id. */
    final boolean isOutstanding(int id) {
        return id < size && rooms[id] >= 0;
    }

    /** Ends a chain that came back: its token, or BROKEN. */
    final int finish(int id, int length) {
        if (Integer.toUnsignedLong(length) > rooms[id]) {
            return broken("the device says it wrote " + Integer.toUnsignedString(length)
                    + " bytes into a chain with room for " + rooms[id] + " (virtio 1.4, 2.7.8.2)");
        }
        rooms[id] = -1;
        outstanding--;
        usedLength = length;
        return tokens[id];
    }

    final int broken(String why) {
        fault = why;
        return BROKEN;
    }

    /** Writes the chain into the table of an id: the guest address of the table. */
    final long fillTable(int id, boolean linked) {
        long table = tables + (long) id * TABLE_SIZE;
        for (int i = 0; i < pieces; i++) {
            int flags = (i < readablePieces ? 0 : RingLayout.DESC_F_WRITE)
                    | (linked && i < pieces - 1 ? RingLayout.DESC_F_NEXT : 0);
            long at = table + (long) i * RingLayout.DESCRIPTOR_SIZE;
            memory.set(LONG, at + RingLayout.ADDRESS, addresses[i]);
            memory.set(INT, at + RingLayout.LENGTH, lengths[i]);
            memory.set(SHORT, at + (linked ? RingLayout.SPLIT_FLAGS : RingLayout.PACKED_FLAGS), (short) flags);
            memory.set(
                    SHORT, at + (linked ? RingLayout.SPLIT_NEXT : RingLayout.PACKED_ID), (short) (linked ? i + 1 : 0));
        }
        return guestAddress + table;
    }
}

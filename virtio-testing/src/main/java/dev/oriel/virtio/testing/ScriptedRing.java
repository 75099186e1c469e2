package dev.oriel.virtio.testing;

import dev.oriel.virtio.ring.RingLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The driver's end of a ring, for tests: {@link #offer} makes chains available as simply as can be, and the rings of
 * either layout write anything anywhere. One thread.
 */
public abstract class ScriptedRing {

    /** Where the parts of a ring are, as offsets into the memory. */
    public record Areas(long descriptors, long driver, long device) {}

    /** A buffer by guest address. */
    public record Buffer(long address, int length, boolean writable) {}

    /** What the device gave back: by what name the chain was made available, and how much was written. */
    public record Used(int id, int written) {}

    /** Room for so many descriptors is in an indirect table. */
    private static final int TABLE_DESCRIPTORS = 128;

    protected final MemorySegment memory;
    protected final Areas areas;
    protected final int size;
    protected final boolean indirect;
    protected final boolean eventIndex;
    private final long guestAddress;
    private final LongSupplier newTable;
    private final long[] tables;

    /**
     * @param memory in which the ring is
     * @param guestAddress of the first byte of the memory
     * @param indirect whether chains are offered by indirect tables
     * @param newTable answers the offset of room for an indirect table
     */
    protected ScriptedRing(
            MemorySegment memory,
            long guestAddress,
            Areas areas,
            int size,
            boolean indirect,
            boolean eventIndex,
            LongSupplier newTable) {
        this.memory = memory;
        this.guestAddress = guestAddress;
        this.areas = areas;
        this.size = size;
        this.indirect = indirect;
        this.eventIndex = eventIndex;
        this.newTable = newTable;
        tables = new long[size];
    }

    /** A ring of either layout in new memory. */
    public static ScriptedRing create(
            SharedMemory shared, int size, boolean packed, boolean indirect, boolean eventIndex) {
        long descriptors = shared.allocate(RingLayout.descriptorsSize(size), RingLayout.DESCRIPTOR_ALIGNMENT);
        long driver = shared.allocate(
                packed ? RingLayout.EVENT_SIZE : RingLayout.usedEvent(size) + RingLayout.EVENT_INDEX_SIZE,
                RingLayout.EVENT_ALIGNMENT);
        long device = shared.allocate(
                packed ? RingLayout.EVENT_SIZE : RingLayout.availEvent(size) + RingLayout.EVENT_INDEX_SIZE,
                RingLayout.USED_ALIGNMENT);
        Areas areas = new Areas(descriptors, driver, device);
        LongSupplier newTable = () ->
                shared.allocate((long) TABLE_DESCRIPTORS * RingLayout.DESCRIPTOR_SIZE, RingLayout.DESCRIPTOR_ALIGNMENT);
        return packed
                ? new ScriptedPackedRing(
                        shared.memory(), SharedMemory.GUEST_ADDRESS, areas, size, indirect, eventIndex, newTable)
                : new ScriptedSplitRing(
                        shared.memory(), SharedMemory.GUEST_ADDRESS, areas, size, indirect, eventIndex, newTable);
    }

    /**
     * A new split ring, of chains without indirect tables and without event indices, where somebody else made room for
     * it.
     */
    public static ScriptedSplitRing split(MemorySegment memory, long guestAddress, Areas areas, int size) {
        return new ScriptedSplitRing(memory, guestAddress, areas, size, false, false, () -> {
            throw new IllegalStateException("a ring without indirect tables");
        });
    }

    public Areas areas() {
        return areas;
    }

    public int size() {
        return size;
    }

    /**
     * Makes a chain available.
     *
     * @return its id, or -1 if the ring is full
     */
    public abstract int offer(List<Buffer> buffers);

    /**
     * Makes a chain available whose indirect table lies anywhere.
     *
     * @param address of the table for the device
     * @param length of the table in bytes
     * @return its id, or -1 if the ring is full
     */
    public abstract int offerTable(long address, int length);

    /** Whether the device asked to be kicked for what was offered since this was last asked. */
    public abstract boolean kickWanted();

    /** The next chain that the device gave back, or null. */
    public abstract @Nullable Used poll();

    /**
     * Asks for an interrupt for the next chain given back.
     *
     * @return whether one is there already
     */
    public abstract boolean enableInterrupts();

    /** Asks for no interrupts. */
    public abstract void disableInterrupts();

    /** SET_VRING_BASE of a new ring. */
    public abstract int initialBase();

    /** The offset of the indirect table of an id. */
    protected long table(int id) {
        if (tables[id] == 0) {
            tables[id] = newTable.getAsLong();
        }
        return tables[id];
    }

    /** The guest address of a byte of the memory. */
    protected long guestAddress(long offset) {
        return guestAddress + offset;
    }
}

package dev.oriel.virtio.testing;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver's end of a ring, for tests: correct, as simple as it can be, one thread. */
public abstract class DriverRing {

    /** Where the parts of a ring are, as offsets into the memory. */
    public record Areas(long descriptors, long driver, long device) {}

    /** A buffer by guest address. */
    public record Buffer(long address, int length, boolean writable) {}

    /** What the device gave back: by what name the chain was made available, and how much was written. */
    public record Used(int id, int written) {}

    protected final MemorySegment memory;
    protected final SharedMemory shared;
    protected final Areas areas;
    protected final int size;
    protected final boolean indirect;
    protected final boolean eventIndex;
    private final long[] tables;

    protected DriverRing(SharedMemory shared, Areas areas, int size, boolean indirect, boolean eventIndex) {
        this.shared = shared;
        this.memory = shared.memory();
        this.areas = areas;
        this.size = size;
        this.indirect = indirect;
        this.eventIndex = eventIndex;
        tables = new long[size];
    }

    /** A ring of either layout in new memory. */
    public static DriverRing create(
            SharedMemory shared, int size, boolean packed, boolean indirect, boolean eventIndex) {
        long descriptors = shared.allocate(16L * size, 16);
        long driver = shared.allocate(packed ? 4 : 6 + 2L * size, 4);
        long device = shared.allocate(packed ? 4 : 6 + 8L * size, 4);
        Areas areas = new Areas(descriptors, driver, device);
        return packed
                ? new DriverPackedRing(shared, areas, size, indirect, eventIndex)
                : new DriverSplitRing(shared, areas, size, indirect, eventIndex);
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

    /** The offset of the indirect table of an id, with room for 128 descriptors. */
    protected long table(int id) {
        if (tables[id] == 0) {
            tables[id] = shared.allocate(128 * 16, 16);
        }
        return tables[id];
    }
}

package dev.oriel.driver;

import dev.oriel.virtio.memory.DriverMemory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Hands out blocks of driver memory: powers of two from 4 KiB, each at a multiple of its size from the start of the
 * pool (a buddy system). Free blocks of one size form a list; two free halves become a whole again. Any thread; no call
 * takes longer than the number of sizes.
 */
final class BufferPool {
    static final int UNIT = 4096;

    private static final int NONE = -1;

    private final DriverMemory memory;
    private final long base;
    private final int units;
    private final int[] heads;
    private final int[] next;
    private final int[] previous;
    /** The order of the free block that begins at a unit, or NONE. */
    private final byte[] freeOrder;

    private long freeUnits;

    /**
     * @param base where in the memory the pool begins, a multiple of the unit
     * @param size bytes, a multiple of the unit
     */
    BufferPool(DriverMemory memory, long base, long size) {
        this.memory = memory;
        this.base = base;
        units = Math.toIntExact(size / UNIT);
        heads = new int[32];
        Arrays.fill(heads, NONE);
        next = new int[units];
        previous = new int[units];
        freeOrder = new byte[units];
        Arrays.fill(freeOrder, (byte) NONE);
        for (int unit = 0; unit < units; ) {
            int aligned = unit == 0 ? 30 : Integer.numberOfTrailingZeros(unit);
            int order = Math.min(aligned, 31 - Integer.numberOfLeadingZeros(units - unit));
            push(unit, order);
            unit += 1 << order;
        }
        freeUnits = units;
    }

    /** The bytes that a request for so many takes. */
    static long rounded(long bytes) {
        return (long) UNIT << order(bytes);
    }

    private static int order(long bytes) {
        long needed = Math.max(1, (bytes + UNIT - 1) / UNIT);
        return 64 - Long.numberOfLeadingZeros(needed - 1);
    }

    /**
     * A buffer for one user.
     *
     * @param bytes 1 or more
     * @return a buffer of at least so many bytes, whose content is what was there before; null if no block is large
     *     enough
     */
    synchronized @Nullable DriverBuffer allocate(long bytes) {
        int order = order(bytes);
        int from = order;
        while (from < heads.length && heads[from] == NONE) {
            from++;
        }
        if (from >= heads.length) {
            return null;
        }
        int unit = heads[from];
        remove(unit, from);
        while (from > order) {
            from--;
            push(unit + (1 << from), from);
        }
        freeUnits -= 1L << order;
        return new DriverBuffer(this, memory, base + (long) unit * UNIT, (long) UNIT << order);
    }

    synchronized void free(long offset, long size) {
        int unit = (int) ((offset - base) / UNIT);
        int order = order(size);
        freeUnits += 1L << order;
        while (true) {
            int buddy = unit ^ (1 << order);
            if (buddy >= units || freeOrder[buddy] != order) {
                break;
            }
            remove(buddy, order);
            unit = Math.min(unit, buddy);
            order++;
        }
        push(unit, order);
    }

    /** Bytes that are not handed out. */
    synchronized long freeBytes() {
        return freeUnits * UNIT;
    }

    private void push(int unit, int order) {
        freeOrder[unit] = (byte) order;
        previous[unit] = NONE;
        next[unit] = heads[order];
        if (heads[order] != NONE) {
            previous[heads[order]] = unit;
        }
        heads[order] = unit;
    }

    private void remove(int unit, int order) {
        freeOrder[unit] = (byte) NONE;
        if (previous[unit] == NONE) {
            heads[order] = next[unit];
        } else {
            next[previous[unit]] = next[unit];
        }
        if (next[unit] != NONE) {
            previous[next[unit]] = previous[unit];
        }
    }
}

package dev.oriel.bus.ccw;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Bits in memory that device and driver set and clear at the same time, byte by byte. */
final class Indicators {
    /**
     * A byte cannot be changed atomically, the word that it is in can. In this order byte n of a word is bits 8n and
     * up.
     */
    private static final VarHandle WORD =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** What {@link #set} answers where there is no memory. */
    static final int NOT_IN_MEMORY = -1;

    private Indicators() {}

    /**
     * Sets bits of a byte.
     *
     * @return the byte as it was, or {@link #NOT_IN_MEMORY}
     */
    static int set(GuestMemory memory, long address, int bits) {
        GuestRegion region = memory.find(address);
        if (region == null || region.size() % Integer.BYTES != 0) {
            return NOT_IN_MEMORY;
        }
        try {
            return change(region.memory(), address - region.guestAddress(), bits, true);
        } catch (InternalError gone) {
            // somebody truncated the file that is mapped there
            return NOT_IN_MEMORY;
        }
    }

    /** Takes bits of a byte: answers them as they were, and clears them. */
    static int take(MemorySegment memory, long offset, int bits) {
        return change(memory, offset, bits, false) & bits;
    }

    private static int change(MemorySegment memory, long offset, int bits, boolean set) {
        int shift = (int) (offset % Integer.BYTES) * Byte.SIZE;
        long word = offset - offset % Integer.BYTES;
        int before = set
                ? (int) WORD.getAndBitwiseOr(memory, word, bits << shift)
                : (int) WORD.getAndBitwiseAnd(memory, word, ~(bits << shift));
        return before >>> shift & 0xff;
    }

    /** Of the 64 bits of a classic indicator, numbered from the right: the byte that a bit is in. */
    static int classicByte(int bit) {
        return Long.BYTES - 1 - bit / Byte.SIZE;
    }

    static int classicBit(int bit) {
        return 1 << bit % Byte.SIZE;
    }

    /** Of an area of adapter indicators, numbered from the left: the byte that a bit is in. */
    static long adapterByte(long bit) {
        return bit / Byte.SIZE;
    }

    static int adapterBit(long bit) {
        return 0x80 >> (int) (bit % Byte.SIZE);
    }
}

package dev.oriel.driver;

import java.util.BitSet;

/** Which slots of a window are in use. Not for several threads. */
final class WindowSlots {
    private final int count;
    private final BitSet used = new BitSet();

    /** @param count how many there are, all of them free */
    WindowSlots(int count) {
        this.count = count;
    }

    /** How many are in use. */
    int count() {
        return used.cardinality();
    }

    /** The first of so many adjacent free slots; -1 if there are none. */
    int freeRun(int needed) {
        int start = used.nextClearBit(0);
        while (start + needed <= count) {
            int end = used.nextSetBit(start);
            if (end < 0 || end - start >= needed) {
                return start;
            }
            start = used.nextClearBit(end);
        }
        return -1;
    }

    void take(int first, int number) {
        used.set(first, first + number);
    }

    void free(int first, int number) {
        used.clear(first, first + number);
    }
}

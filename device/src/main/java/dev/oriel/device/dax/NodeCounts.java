package dev.oriel.device.dax;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Nodes, each counted as often as it was added. Looking one up takes no lock and allocates nothing. Any thread.
 *
 * <p>A table with open addressing: a node is at the place that its hash chooses, or behind it. A place whose node is
 * gone keeps it with a count of 0 until the table is made anew, so that whoever searches meanwhile goes on behind it.
 */
final class NodeCounts {
    private static final int SMALLEST = 64;

    /** Nodes and counts in turn; no node is 0. Places are filled once, and replaced as a whole. */
    private volatile Table table = new Table(SMALLEST);

    private static final class Table {
        private final AtomicLongArray nodes;
        private final AtomicIntegerArray counts;
        private final int mask;
        private int taken;

        Table(int size) {
            nodes = new AtomicLongArray(size);
            counts = new AtomicIntegerArray(size);
            mask = size - 1;
        }

        /** The place of a node, or the free one where it would be. */
        int place(long node) {
            int place = (int) ((node * 0x9e37_79b9_7f4a_7c15L) >>> 32) & mask;
            while (true) {
                long there = nodes.get(place);
                if (there == node || there == 0) {
                    return place;
                }
                place = place + 1 & mask;
            }
        }

        void add(long node, int count) {
            int place = place(node);
            if (nodes.get(place) == 0) {
                taken++;
                nodes.set(place, node);
            }
            counts.set(place, counts.get(place) + count);
        }
    }

    /** Whether a node is among them. */
    boolean contains(long node) {
        Table now = table;
        return node != 0 && now.counts.get(now.place(node)) > 0;
    }

    /** Adds a node once more. */
    synchronized void add(long node) {
        Table now = table;
        if (2 * (now.taken + 1) > now.mask) {
            now = anew(now);
            now.add(node, 1);
            table = now;
        } else {
            now.add(node, 1);
        }
    }

    private static Table anew(Table old) {
        int live = 0;
        for (int i = 0; i <= old.mask; i++) {
            live += old.counts.get(i) > 0 ? 1 : 0;
        }
        Table next = new Table(Math.max(SMALLEST, Integer.highestOneBit(4 * (live + 1)) << 1));
        for (int i = 0; i <= old.mask; i++) {
            if (old.counts.get(i) > 0) {
                next.add(old.nodes.get(i), old.counts.get(i));
            }
        }
        return next;
    }

    /** Takes a node away once; one that is not there stays away. */
    synchronized void remove(long node) {
        Table now = table;
        int place = now.place(node);
        if (now.counts.get(place) > 0) {
            now.counts.set(place, now.counts.get(place) - 1);
        }
    }

    /** Takes all away. */
    synchronized void clear() {
        table = new Table(SMALLEST);
    }

    /** All of them, in no order. */
    long[] nodes() {
        Table now = table;
        long[] found = new long[now.mask + 1];
        int count = 0;
        for (int i = 0; i <= now.mask; i++) {
            if (now.counts.get(i) > 0) {
                found[count++] = now.nodes.get(i);
            }
        }
        return Arrays.copyOf(found, count);
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.FileCalls;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * O_PATH descriptors of inodes: a bounded number, the most recently used more or less (clock).
 *
 * <p>One word of the inode's record ({@link InodeTable}) holds all there is to know, so that using a cached descriptor
 * takes two atomic operations on a word of that inode, and no lock:
 *
 * <pre>
 *    63       62       61      55               32 31               0
 *   +--------+--------+--------+------------------+------------------+
 *   | doomed | recent |  kept  | pins             | descriptor + 1   |
 *   +--------+--------+--------+------------------+------------------+
 * </pre>
 *
 * <p>One that is kept is not thrown out before its inode is forgotten: it is what keeps a file without a name alive. At
 * most half of them are kept. A descriptor with pins is never closed: one that is to go meanwhile (its inode was
 * forgotten) is doomed, and the last pin closes it. The locks here are taken only when one is opened or thrown out,
 * which are system calls anyway.
 */
final class DescriptorCache {
    private static final long DOOMED = 1L << 63;
    private static final long RECENT = 1L << 62;
    private static final long KEPT = 1L << 61;
    private static final long PIN = 1L << 32;
    private static final long PINS = 0xff_ffffL << 32;
    private static final int PARTS = 8;

    /** More than this do not make anything faster. */
    private static final int MOST = 16384;

    private final InodeTable inodes;
    private final Allowance allowance;
    private final Part[] parts = new Part[PARTS];
    private final AtomicInteger places = new AtomicInteger(PARTS);
    private final AtomicInteger kept = new AtomicInteger();

    /** @param allowance how many descriptors to hold at most, beside {@value #PARTS} */
    DescriptorCache(InodeTable inodes, Allowance allowance) {
        this.inodes = inodes;
        this.allowance = allowance;
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new Part(MOST / PARTS);
        }
    }

    /**
     * Pins the descriptor of a slot.
     *
     * @return the descriptor; -1 if none is cached
     */
    int pin(int slot) {
        while (true) {
            long word = inodes.transientWord(slot, LocalInode.DESCRIPTOR);
            if ((int) word == 0 || word < 0 || (word & PINS) == PINS) {
                return -1;
            }
            if (inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, (word + PIN) | RECENT)) {
                return (int) word - 1;
            }
        }
    }

    /**
     * Ends a {@link #pin}.
     *
     * @return whether this was the last use of a slot whose inode is gone: it can be used again
     */
    boolean unpin(int slot) {
        while (true) {
            long word = inodes.transientWord(slot, LocalInode.DESCRIPTOR);
            boolean last = word < 0 && (word & PINS) == PIN;
            if (inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, last ? 0 : word - PIN)) {
                if (last) {
                    close(word);
                }
                return last;
            }
        }
    }

    /**
     * Takes a descriptor into the cache, pinned once.
     *
     * @return false if there is no room, or there is one already, or the inode is gone: it then stays the caller's
     */
    boolean install(long nodeid, int descriptor) {
        int slot = InodeTable.slot(nodeid);
        return parts[slot & PARTS - 1].install(nodeid, slot, descriptor);
    }

    /**
     * Closes the descriptor of an inode that is gone, now or at its last unpin.
     *
     * @return whether now, so that the slot can be used again
     */
    boolean discard(int slot) {
        while (true) {
            long word = inodes.transientWord(slot, LocalInode.DESCRIPTOR);
            if (word == 0) {
                return true;
            }
            boolean unused = (word & PINS) == 0;
            if (inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, unused ? 0 : word | DOOMED)) {
                if (unused) {
                    close(word);
                }
                return unused;
            }
        }
    }

    /**
     * Keeps the descriptor of a slot, which the caller has pinned, until its inode is forgotten.
     *
     * @return false if too many are kept
     */
    boolean keep(int slot) {
        // What other sessions hold now they may give back: what is left is asked each time.
        if (kept.incrementAndGet() > Math.min(MOST, places.get() + allowance.left()) / 2) {
            kept.decrementAndGet();
            return false;
        }
        while (true) {
            long word = inodes.transientWord(slot, LocalInode.DESCRIPTOR);
            if ((word & KEPT) != 0 || word < 0) {
                kept.decrementAndGet();
                return true;
            }
            if (inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, word | KEPT)) {
                return true;
            }
        }
    }

    /** Whether the descriptor of a slot, which the caller has pinned, is kept. */
    boolean isKept(int slot) {
        return (inodes.transientWord(slot, LocalInode.DESCRIPTOR) & KEPT) != 0;
    }

    /** Takes a {@link #keep} back. */
    void keepNoMore(int slot) {
        while (true) {
            long word = inodes.transientWord(slot, LocalInode.DESCRIPTOR);
            if ((word & KEPT) == 0) {
                return;
            }
            if (inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, word & ~KEPT)) {
                kept.decrementAndGet();
                return;
            }
        }
    }

    private void close(long word) {
        if ((word & KEPT) != 0) {
            kept.decrementAndGet();
        }
        FileCalls.close((int) word - 1);
    }

    /** Closes what is not in use, because the process has run out of descriptors. */
    void shrink() {
        for (Part part : parts) {
            part.shrink();
        }
    }

    /** Closes all. Nobody uses any. */
    void close() {
        int limit = inodes.slotLimit();
        for (int slot = InodeTable.ROOT_SLOT; slot < limit; slot++) {
            discard(slot);
        }
    }

    /** Closes the descriptor of a slot, if nobody uses it. */
    private boolean evict(int slot, boolean evenRecent) {
        long word = inodes.transientWord(slot, LocalInode.DESCRIPTOR);
        if ((int) word == 0) {
            return true;
        }
        if ((word & (PINS | KEPT)) != 0 || word < 0) {
            return false;
        }
        if ((word & RECENT) != 0 && !evenRecent) {
            inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, word & ~RECENT);
            return false;
        }
        if (!inodes.compareAndSetTransientWord(slot, LocalInode.DESCRIPTOR, word, 0)) {
            return false;
        }
        FileCalls.close((int) word - 1);
        return true;
    }

    /**
     * A share of the cache with its own clock. Its ring names slots; one whose descriptor went away is a free place. It
     * grows as long as it is allowed to, from one place on.
     */
    private final class Part {
        private static final int FIRST_SIZE = 64;

        private final ReentrantLock lock = new ReentrantLock();
        private final int capacity;
        private int[] ring;
        private int used;
        private int hand;

        Part(int capacity) {
            this.capacity = capacity;
            ring = new int[Math.min(capacity, FIRST_SIZE)];
        }

        boolean install(long nodeid, int slot, int descriptor) {
            lock.lock();
            try {
                int place = place();
                if (place < 0
                        || !inodes.installTransientWord(
                                nodeid, LocalInode.DESCRIPTOR, descriptor + 1L | PIN | RECENT)) {
                    return false;
                }
                ring[place] = slot;
                return true;
            } finally {
                lock.unlock();
            }
        }

        /** A place in the ring; -1 if all are in use. */
        private int place() {
            if (used < capacity && (used == 0 || allowance.tryTake(1))) {
                if (used > 0) {
                    places.getAndIncrement();
                }
                if (used == ring.length) {
                    ring = Arrays.copyOf(ring, Math.min(capacity, ring.length * 2));
                }
                return used++;
            }
            for (int i = 0; i < 2 * used; i++) {
                int place = hand;
                hand = place + 1 >= used ? 0 : place + 1;
                if (evict(ring[place], false)) {
                    return place;
                }
            }
            return -1;
        }

        void shrink() {
            lock.lock();
            try {
                for (int i = 0; i < used; i++) {
                    evict(ring[i], true);
                }
            } finally {
                lock.unlock();
            }
        }
    }
}

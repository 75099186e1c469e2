package dev.oriel.filesystem.node;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a {@link InodeTable}: records of a few words, in chunks that are never moved and never freed while the
 * session lasts, one object beside a record that needs it, and the slots that are free.
 *
 * <pre>
 *   chunks   | slot 0 | slot 1 | ... | slot 255 |   | slot 256 | ...
 *                     | words 0 ..            |
 * </pre>
 *
 * <p>For all threads; no lock is taken but to grow.
 */
final class InodeRecords {
    static final int FIRST_SLOT = 1;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    /** Of {@code Aside[]}: what is beside a record is replaced whole, and its bytes are given back once. */
    private static final VarHandle ASIDE = MethodHandles.arrayElementVarHandle(Aside[].class);

    private static final int CHUNK_BITS = 8;
    private static final int CHUNK_SLOTS = 1 << CHUNK_BITS;
    private static final long SLOT_MASK = 0xffff_ffffL;

    static final int MAX_SLOTS = 1 << 30;

    private final Allowance memory;
    private final int words;
    private final int link;
    private final int slotBytes;
    private final ReentrantLock growth = new ReentrantLock();
    private final AtomicInteger firstFresh;

    /** A stack of free slots: the slot, and a tag against one that was taken and put back meanwhile. */
    private final AtomicLong free = new AtomicLong();

    private volatile long[][] chunks;
    private volatile @Nullable Aside[][] asides = new Aside[0][];

    /**
     * @param memory bytes of heap, for all but the first {@value #CHUNK_SLOTS} records
     * @param words of a record
     * @param link the word that leads from a free slot to the next
     * @param slotBytes what a record costs of {@code memory}
     * @param firstFresh the first slot to be given out
     */
    InodeRecords(Allowance memory, int words, int link, int slotBytes, int firstFresh) {
        this.memory = memory;
        this.words = words;
        this.link = link;
        this.slotBytes = slotBytes;
        this.firstFresh = new AtomicInteger(firstFresh);
        chunks = new long[][] {new long[CHUNK_SLOTS * words]};
    }

    /** Whether there is a record of this number, used or not. */
    boolean has(int slot) {
        return slot > 0 && slot >>> CHUNK_BITS < chunks.length;
    }

    /** How many records there are, used or not. */
    long places() {
        return (long) chunks.length << CHUNK_BITS;
    }

    /** The end of the slots ever used. */
    int limit() {
        return (int) Math.min(firstFresh.get(), places());
    }

    /** The array in which the record of a slot lies, from {@link #at} on. */
    long[] chunk(int slot) {
        return chunks[slot >>> CHUNK_BITS];
    }

    int at(int slot) {
        return (slot & CHUNK_SLOTS - 1) * words;
    }

    /** Lets a slot be used again. */
    void recycle(int slot) {
        long[] chunk = chunk(slot);
        int at = at(slot);
        while (true) {
            long head = free.get();
            WORD.setRelease(chunk, at + link, head & SLOT_MASK);
            if (free.compareAndSet(head, ((head >>> 32) + 1) << 32 | slot)) {
                return;
            }
        }
    }

    /** Takes a slot; 0 if there is no room, as the allowance is spent. */
    int allocate() {
        while (true) {
            long head = free.get();
            int slot = (int) head;
            if (slot == 0) {
                break;
            }
            long next = (long) WORD.getAcquire(chunk(slot), at(slot) + link);
            if (free.compareAndSet(head, ((head >>> 32) + 1) << 32 | (next & SLOT_MASK))) {
                return slot;
            }
        }
        while (true) {
            int slot = firstFresh.get();
            if (slot >= MAX_SLOTS || !provide(slot)) {
                return 0;
            }
            if (firstFresh.compareAndSet(slot, slot + 1)) {
                return slot;
            }
        }
    }

    /** Makes the record of a slot; false if the allowance is spent. */
    private boolean provide(int slot) {
        int index = slot >>> CHUNK_BITS;
        if (index < chunks.length) {
            return true;
        }
        growth.lock();
        try {
            while (chunks.length <= index) {
                if (!memory.take((long) CHUNK_SLOTS * slotBytes)) {
                    return false;
                }
                long[][] more = Arrays.copyOf(chunks, chunks.length + 1);
                more[chunks.length] = new long[CHUNK_SLOTS * words];
                chunks = more;
            }
            return true;
        } finally {
            growth.unlock();
        }
    }

    /** What is held beside a record. */
    @Nullable
    Aside aside(int slot) {
        @Nullable Aside[][] table = asides;
        int index = slot >>> CHUNK_BITS;
        return index < table.length ? table[index][slot & CHUNK_SLOTS - 1] : null;
    }

    /** Replaces what is held beside a record, and answers what was. */
    @Nullable
    Aside exchangeAside(int slot, @Nullable Aside aside) {
        int index = slot >>> CHUNK_BITS;
        if (index >= asides.length) {
            if (aside == null) {
                return null;
            }
            growth.lock();
            try {
                while (asides.length <= index) {
                    @Nullable Aside[][] more = Arrays.copyOf(asides, asides.length + 1);
                    more[asides.length] = new Aside[CHUNK_SLOTS];
                    asides = more;
                }
            } finally {
                growth.unlock();
            }
        }
        return (Aside) ASIDE.getAndSet(asides[index], slot & CHUNK_SLOTS - 1, aside);
    }
}

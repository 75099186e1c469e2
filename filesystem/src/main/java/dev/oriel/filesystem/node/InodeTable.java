package dev.oriel.filesystem.node;

import dev.oriel.filesystem.FileSystemSession;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Every node that a client knows: by nodeid, and by a key that tells what it is in the file system (for a host
 * directory: mount, inode number, time of birth). A node lives as long as the client owes lookups of it.
 *
 * <p>Made for a million nodes: no object for a node, but a record in an array.
 *
 * <pre>
 *   word 0        1    2         3      4                 5 ..
 *   +-----------+----+---------+------+-----------------+-------------------+-----------------+
 *   | gen count | id | version | next | domain bits d t | transient words   | lasting words   |
 *   +-----------+----+---------+------+-----------------+-------------------+-----------------+
 *   gen, count: 32 bits each: generation of the slot, lookups that the client owes
 *   id, version, domain (32 bits): the key
 *   next:       the next slot of the same hash bucket, or of the free list
 *   bits 27:    the owner's; d detached 1; t file type 4 (mode >> 12)
 *   words:      the owner's; the lasting ones are saved with the table
 * </pre>
 *
 * <p>A nodeid is the generation and the slot, so it never comes again and one that was made up is not found. Slot 1 in
 * generation 0 is the root.
 *
 * <p>A node whose last name is gone may be <em>detached</em>: the client goes on using its nodeid, and what is made
 * with the same key is found to be another node.
 *
 * <p><b>Exactness.</b> Count and generation are one word. To find a node, a reader without a lock reads that word, then
 * the key, then adds one with a compare-and-set: if that succeeds, the key was that generation's. The count falls to
 * zero only under the lock of the bucket, in one step with the generation, so no reader can add to a node that is gone.
 * What a reader without lock misses (a chain that changed under it) is looked for again under the lock before anything
 * is inserted.
 *
 * <p>For all threads, but for {@link #root} and {@link InodeTableForm}.
 */
public final class InodeTable {
    /** The slot of the root. */
    public static final int ROOT_SLOT = (int) FileSystemSession.ROOT;

    static final int STATE = 0;
    static final int ID = 1;
    static final int VERSION = 2;
    static final int NEXT = 3;
    static final int KIND = 4;

    /** How many words of a record are the table's. */
    static final int WORDS = 5;

    /** A count that got here stays: better a node kept for the session than one that is dropped while in use. */
    static final long SATURATED = 0xffff_ffffL;

    static final long COUNT_MASK = 0xffff_ffffL;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    /** A chain seen longer than this is one that changes under the reader. */
    private static final int MAX_STEPS = 256;

    final Allowance memory;
    final int transientWords;
    final int lastingWords;
    private final InodeRecords records;
    private final InodeBuckets buckets;
    private final AtomicInteger nodes = new AtomicInteger();

    /**
     * @param memory bytes of heap, for all nodes but the first few hundred and for what is beside the records
     * @param transientWords words of a record that stand for something of this process, and are not saved; 0 at first
     * @param lastingWords words of a record that are saved
     */
    public InodeTable(Allowance memory, int transientWords, int lastingWords) {
        this.memory = memory;
        this.transientWords = transientWords;
        this.lastingWords = lastingWords;
        int own = transientWords + lastingWords;
        records = new InodeRecords(memory, WORDS + own, NEXT, nodeBytes(own), ROOT_SLOT + 1);
        buckets = new InodeBuckets(records);
    }

    /** Heap of a node: its record, and its parts of the buckets while they grow and of what is beside the records. */
    public static int nodeBytes(int ownWords) {
        return (WORDS + ownWords) * Long.BYTES + 3 * Integer.BYTES + Integer.BYTES;
    }

    private static long bytesOf(@Nullable Aside aside) {
        return aside == null ? 0 : aside.heapBytes();
    }

    InodeRecords records() {
        return records;
    }

    /** How many bytes more nodes could take now: what is allowed, and places of nodes that were forgotten. */
    public long room() {
        return (records.places() - nodes.get()) * nodeBytes(transientWords + lastingWords) + memory.left();
    }

    /** The slot of a node, which nobody else has while it lives. */
    public static int slot(long nodeid) {
        return (int) nodeid;
    }

    /** How many nodes the client knows beside the root. */
    public int size() {
        return nodes.get();
    }

    /** Makes the root, which is never looked up and never forgotten. */
    public void root(int domain, long id, long version, int mode) {
        long[] chunk = records.chunk(ROOT_SLOT);
        int at = records.at(ROOT_SLOT);
        chunk[at + ID] = id;
        chunk[at + VERSION] = version;
        chunk[at + KIND] = InodeKind.of(domain, 0, mode);
        WORD.setRelease(chunk, at + STATE, SATURATED);
        relink(ROOT_SLOT);
    }

    /** Whether the client may use this nodeid. */
    public boolean isLive(long nodeid) {
        int slot = (int) nodeid;
        if (!records.has(slot)) {
            return false;
        }
        long state = state(slot);
        return state >>> 32 == nodeid >>> 32 && (state & COUNT_MASK) != 0;
    }

    private long state(int slot) {
        return (long) WORD.getAcquire(records.chunk(slot), records.at(slot) + STATE);
    }

    /**
     * Looks a node up without a lock and counts a lookup.
     *
     * @return its nodeid; 0 if it is not there, or if that is not certain
     */
    public long find(int domain, long id, long version) {
        int slot = buckets.first(InodeBuckets.hash(domain, id, version));
        for (int steps = 0; slot != 0 && steps < MAX_STEPS; steps++) {
            long[] chunk = records.chunk(slot);
            int at = records.at(slot);
            long state = (long) WORD.getAcquire(chunk, at + STATE);
            if ((state & COUNT_MASK) != 0 && InodeBuckets.matches(chunk, at, domain, id, version)) {
                return add(chunk, at, state) ? state >>> 32 << 32 | slot : 0;
            }
            slot = (int) (long) WORD.getAcquire(chunk, at + NEXT);
        }
        return 0;
    }

    /**
     * Looks a node up without counting a lookup, under the lock of its chain: certainly.
     *
     * @return its nodeid; 0 if it is not there
     */
    public long peek(int domain, long id, long version) {
        int hash = InodeBuckets.hash(domain, id, version);
        ReentrantLock stripe = buckets.lock(hash);
        stripe.lock();
        try {
            int slot = buckets.find(hash, domain, id, version);
            return slot == 0 ? 0 : state(slot) >>> 32 << 32 | slot;
        } finally {
            stripe.unlock();
        }
    }

    /** Adds one lookup to the generation of {@code state}. */
    private static boolean add(long[] chunk, int at, long state) {
        long expected = state;
        while (true) {
            if ((expected & COUNT_MASK) == SATURATED) {
                return (long) WORD.getVolatile(chunk, at + STATE) == expected;
            }
            long found = (long) WORD.compareAndExchange(chunk, at + STATE, expected, expected + 1);
            if (found == expected) {
                return true;
            }
            if (found >>> 32 != state >>> 32 || (found & COUNT_MASK) == 0) {
                return false;
            }
            expected = found;
        }
    }

    /**
     * Takes a slot for a node to be inserted.
     *
     * @return 0 if there is no room: the allowance is spent
     */
    public int allocate() {
        return records.allocate();
    }

    /**
     * Lets a slot be used again: of a node that is gone, when nobody uses its transient words any more, or one not
     * used.
     */
    public void recycle(int slot) {
        records.recycle(slot);
    }

    /**
     * Finds or makes a node and counts a lookup.
     *
     * @param kind see {@link InodeKind}
     * @param lasting the lasting words of the record
     * @param aside what does not fit into the record; its bytes were taken from the allowance, and are given back if
     *     there is a record already
     * @param spare a slot of {@link #allocate}
     * @return its nodeid; if it has another slot than {@code spare}, that stays the caller's
     */
    public long insert(long kind, long id, long version, long[] lasting, @Nullable Aside aside, int spare) {
        int domain = InodeKind.domain(kind);
        int hash = InodeBuckets.hash(domain, id, version);
        ReentrantLock stripe = buckets.lock(hash);
        long nodeid;
        stripe.lock();
        try {
            int there = buckets.find(hash, domain, id, version);
            if (there != 0) {
                long state = state(there);
                add(records.chunk(there), records.at(there), state);
                memory.give(bytesOf(aside));
                return state >>> 32 << 32 | there;
            }
            long[] chunk = records.chunk(spare);
            int at = records.at(spare);
            chunk[at + ID] = id;
            chunk[at + VERSION] = version;
            chunk[at + KIND] = kind;
            System.arraycopy(lasting, 0, chunk, at + WORDS + transientWords, lastingWords);
            records.exchangeAside(spare, aside);
            long generation = (long) WORD.getOpaque(chunk, at + STATE) >>> 32;
            WORD.setRelease(chunk, at + STATE, generation << 32 | 1);
            buckets.link(hash, spare);
            nodeid = generation << 32 | spare;
        } finally {
            stripe.unlock();
        }
        buckets.grow(nodes.incrementAndGet());
        return nodeid;
    }

    /**
     * Takes {@code lookups} back.
     *
     * @param lookups unsigned; more than there are count as all
     * @return whether the node is gone: its slot then waits for {@link #recycle}
     */
    public boolean forget(long nodeid, long lookups) {
        int slot = (int) nodeid;
        if (slot == ROOT_SLOT || lookups == 0) {
            return false;
        }
        while (isLive(nodeid)) {
            int hash = buckets.hashOf(slot);
            long state = state(slot);
            long count = state & COUNT_MASK;
            if (state >>> 32 != nodeid >>> 32 || count == 0 || count == SATURATED) {
                return false;
            }
            if (Long.compareUnsigned(lookups, count) < 0) {
                if (WORD.compareAndSet(records.chunk(slot), records.at(slot) + STATE, state, state - lookups)) {
                    return false;
                }
            } else if (remove(slot, hash, state)) {
                nodes.decrementAndGet();
                return true;
            }
        }
        return false;
    }

    /** Removes the node, unless its state has changed meanwhile. */
    private boolean remove(int slot, int hash, long state) {
        ReentrantLock stripe = buckets.lock(hash);
        stripe.lock();
        try {
            long nextGeneration = ((state >>> 32) + 1) << 32;
            if (!WORD.compareAndSet(records.chunk(slot), records.at(slot) + STATE, state, nextGeneration)) {
                return false;
            }
            if ((kind(slot) & InodeKind.DETACHED) == 0) {
                buckets.unlink(hash, slot);
            }
            memory.give(bytesOf(records.exchangeAside(slot, null)));
            return true;
        } finally {
            stripe.unlock();
        }
    }

    /**
     * Ends the identity of a node: from now on it is found by its nodeid only, and has nothing beside its record. Its
     * count stays as it is.
     */
    public void detach(long nodeid) {
        int slot = (int) nodeid;
        if (slot == ROOT_SLOT || !isLive(nodeid)) {
            return;
        }
        int hash = buckets.hashOf(slot);
        ReentrantLock stripe = buckets.lock(hash);
        stripe.lock();
        try {
            long kind = kind(slot);
            if (isLive(nodeid) && (kind & InodeKind.DETACHED) == 0) {
                buckets.unlink(hash, slot);
                WORD.setOpaque(records.chunk(slot), records.at(slot) + KIND, kind | InodeKind.DETACHED);
                memory.give(bytesOf(records.exchangeAside(slot, null)));
            }
        } finally {
            stripe.unlock();
        }
    }

    private void relink(int slot) {
        int hash = buckets.hashOf(slot);
        ReentrantLock stripe = buckets.lock(hash);
        stripe.lock();
        try {
            buckets.link(hash, slot);
        } finally {
            stripe.unlock();
        }
    }

    /** Lets a node be found whose record was restored. Nobody else uses the table. */
    void restored(int slot) {
        if ((kind(slot) & InodeKind.DETACHED) == 0) {
            relink(slot);
        }
        if (slot != ROOT_SLOT) {
            buckets.grow(nodes.incrementAndGet());
        }
    }

    /** First part of the key. */
    public long id(int slot) {
        return records.chunk(slot)[records.at(slot) + ID];
    }

    /** Second part of the key. */
    public long version(int slot) {
        return records.chunk(slot)[records.at(slot) + VERSION];
    }

    /** Word 4, see {@link InodeKind}. */
    public long kind(int slot) {
        return (long) WORD.getOpaque(records.chunk(slot), records.at(slot) + KIND);
    }

    /** The type bits of the mode ({@code S_IF*}). */
    public int type(int slot) {
        return InodeKind.type(kind(slot));
    }

    /** Sets the owner's bits of word 4, if the node still lives. */
    public void setBits(long nodeid, int bits) {
        int slot = (int) nodeid;
        ReentrantLock stripe = buckets.lock(buckets.hashOf(slot));
        stripe.lock();
        try {
            if (isLive(nodeid)) {
                long kind = kind(slot);
                long next = InodeKind.withBits(kind, bits);
                WORD.setOpaque(records.chunk(slot), records.at(slot) + KIND, next);
            }
        } finally {
            stripe.unlock();
        }
    }

    /** One of the lasting words. */
    public long lastingWord(int slot, int index) {
        return records.chunk(slot)[records.at(slot) + WORDS + transientWords + index];
    }

    /** What is held beside the record. */
    public @Nullable Aside aside(int slot) {
        return records.aside(slot);
    }

    /**
     * Replaces what is held beside the record of a node, if it lives, is not detached and has these bits of the owner.
     * The bytes of {@code aside} were taken from the allowance; those of what is not held now are given back.
     */
    public void replaceAside(long nodeid, Aside aside, int bits) {
        int slot = (int) nodeid;
        Aside replaced = aside;
        ReentrantLock stripe = buckets.lock(buckets.hashOf(slot));
        stripe.lock();
        try {
            long kind = kind(slot);
            if (slot != ROOT_SLOT
                    && isLive(nodeid)
                    && InodeKind.bits(kind) == bits
                    && (kind & InodeKind.DETACHED) == 0) {
                replaced = records.exchangeAside(slot, aside);
            }
        } finally {
            stripe.unlock();
        }
        memory.give(bytesOf(replaced));
    }

    /** One of the transient words. */
    public long transientWord(int slot, int index) {
        return (long) WORD.getAcquire(records.chunk(slot), records.at(slot) + WORDS + index);
    }

    /** Changes a transient word; false if it is not {@code expected}. */
    public boolean compareAndSetTransientWord(int slot, int index, long expected, long next) {
        return WORD.compareAndSet(records.chunk(slot), records.at(slot) + WORDS + index, expected, next);
    }

    /**
     * Sets a transient word, if it is 0 and the node still lives: under the lock under which it would die, so that what
     * the word stands for never gets to the next node in the slot.
     */
    public boolean installTransientWord(long nodeid, int index, long word) {
        int slot = (int) nodeid;
        ReentrantLock stripe = buckets.lock(buckets.hashOf(slot));
        stripe.lock();
        try {
            return isLive(nodeid) && compareAndSetTransientWord(slot, index, 0, word);
        } finally {
            stripe.unlock();
        }
    }

    /** The end of the slots ever used, for the end of the session. */
    public int slotLimit() {
        return records.limit();
    }
}

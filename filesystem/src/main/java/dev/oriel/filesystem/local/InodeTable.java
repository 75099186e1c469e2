package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.FileHandleBuffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Every inode that the client knows: by nodeid, and by what it is on the host: mount, inode number, time of birth.
 *
 * <p>Made for a million inodes: no object for an inode, but a record in an array.
 *
 * <pre>
 *   word 0        1      2      3      4               5            6 .. 9
 *   +-----------+------+-------+------+---------------+------------+-----------------+
 *   | gen count | ino  | birth | next | mount h t l k | descriptor | file handle     |
 *   +-----------+------+-------+------+---------------+------------+-----------------+
 *   gen, count: 32 bits each: generation of the slot, lookups that the client owes
 *   next:       the next slot of the same hash bucket, or of the free list
 *   mount 32 bits; h handle type 16, l handle length 8, detached 1, k file type 4 (mode >> 12): see {@link #kind}
 *   descriptor: see {@link DescriptorCache}
 * </pre>
 *
 * <p>A nodeid is the generation and the slot, so it never comes again and one that was made up is not found. Slot 1 in generation
 * 0 is the root.
 *
 * <p>An inode whose last name is gone may be <em>detached</em>: the client goes on using its nodeid, and what the host
 * makes with the same number is found to be another inode.
 *
 * <p><b>Exactness.</b> Count and generation are one word. To find an inode, a reader without a lock reads that word, then the key,
 * then adds one with a compare-and-set: if that succeeds, the key was that generation's. The count falls to zero only under
 * the lock of the bucket, in one step with the generation, so no reader can add to an inode that is gone. What a reader without
 * lock misses (a chain that changed under it) is looked for again under the lock before anything is inserted.
 */
final class InodeTable {
    static final int ROOT_SLOT = (int) FileSystemSession.ROOT;

    /** The longest file handle that fits into the record; longer ones are held beside it. */
    static final int INLINE_HANDLE_BYTES = 32;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle HEAD = MethodHandles.arrayElementVarHandle(int[].class);

    private static final int STATE = 0;
    private static final int INO = 1;
    private static final int BIRTH = 2;
    private static final int NEXT = 3;
    private static final int KIND = 4;
    private static final int DESCRIPTOR = 5;
    private static final int HANDLE = 6;
    private static final int WORDS = HANDLE + INLINE_HANDLE_BYTES / Long.BYTES;

    /** Heap of a node: its record, and its parts of the buckets while they grow and of what is beside the records. */
    static final int NODE_BYTES = WORDS * Long.BYTES + 3 * Integer.BYTES + Integer.BYTES;

    private static final int ARRAY_BYTES = 16;
    private static final int LOCATION_BYTES = 24;

    private static final int CHUNK_BITS = 8;
    private static final int CHUNK_SLOTS = 1 << CHUNK_BITS;
    private static final int MAX_SLOTS = 1 << 30;

    /** A power of two: buckets with the same low bits share a lock, however large the table grows. */
    private static final int STRIPES = 64;

    private static final int MIN_BUCKETS = 1024;

    /** A chain seen longer than this is one that changes under the reader. */
    private static final int MAX_STEPS = 256;

    /** A count that got here stays: better an inode kept for the session than one that is dropped while in use. */
    private static final long SATURATED = 0xffff_ffffL;

    private static final long HANDLE_LENGTH_MASK = 0xff00L;
    private static final long DETACHED = 0x10L;
    private static final long COUNT_MASK = 0xffff_ffffL;

    /** Of {@code Object[]}: what is beside a record is replaced whole, and its bytes are given back once. */
    private static final VarHandle ASIDE = MethodHandles.arrayElementVarHandle(Object[].class);

    private final Allowance memory;

    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private final ReentrantLock growth = new ReentrantLock();
    private final AtomicInteger inodes = new AtomicInteger();
    private final AtomicInteger firstFresh = new AtomicInteger(ROOT_SLOT + 1);

    /** A stack of free slots: the slot, and a tag against one that was taken and put back meanwhile. */
    private final AtomicLong free = new AtomicLong();

    private volatile int[] heads = new int[MIN_BUCKETS];
    private volatile long[][] chunks = new long[0][];

    /** Beside the records: a {@link Location} or a long handle ({@code byte[]}), for inodes that have one. */
    private volatile @Nullable Object[][] asides = new Object[0][];

    /**
     * @param memory bytes of heap, for all nodes but the first {@value #CHUNK_SLOTS} and for what is beside the records
     */
    InodeTable(Allowance memory) {
        this.memory = memory;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
        chunks = new long[][] {new long[CHUNK_SLOTS * WORDS]};
    }

    /** Where an inode without a file handle was last seen. The name has its NUL. */
    static final class Location {
        private final long parent;
        private final byte[] name;

        Location(long parent, byte[] name) {
            this.parent = parent;
            this.name = name;
        }

        long parent() {
            return parent;
        }

        byte[] name() {
            return name;
        }
    }

    /** Bytes of heap of what is held beside a record: a {@link Location}, a long handle or nothing. */
    static long bytesOf(@Nullable Object aside) {
        return switch (aside) {
            case Location location -> LOCATION_BYTES + bytesOf(location.name);
            case byte[] bytes -> ARRAY_BYTES + (bytes.length + 7L & -8);
            case null, default -> 0;
        };
    }

    /**
     * The most that {@link #bytesOf} answers for a node that is remembered by a name of so many bytes, or by handle.
     */
    static long mostBytesBeside(int nameLength) {
        return LOCATION_BYTES + ARRAY_BYTES + (Math.max(nameLength + 1, FileHandleBuffer.MAX_LENGTH) + 7L & -8);
    }

    /** How many bytes more nodes could take now: what is allowed, and places of nodes that were forgotten. */
    long room() {
        long places = ((long) chunks.length << CHUNK_BITS) - inodes.get();
        return places * NODE_BYTES + memory.left();
    }

    /** Packs word 4. */
    static long kind(int mount, int handleType, int handleLength, int mode) {
        return (long) mount << 32 | (handleType & 0xffffL) << 16 | (handleLength & 0xffL) << 8 | (mode >>> 12 & 0xf);
    }

    static int slot(long nodeid) {
        return (int) nodeid;
    }

    /** How many inodes the client knows beside the root. */
    int size() {
        return inodes.get();
    }

    /** Makes the root, which is never looked up and never forgotten. */
    void root(int mount, long ino, long birth, int mode) {
        long[] chunk = chunk(ROOT_SLOT);
        int at = at(ROOT_SLOT);
        chunk[at + INO] = ino;
        chunk[at + BIRTH] = birth;
        chunk[at + KIND] = kind(mount, 0, 0, mode);
        WORD.setRelease(chunk, at + STATE, SATURATED);
        int hash = hash(mount, ino, birth);
        ReentrantLock stripe = stripes[hash & STRIPES - 1];
        stripe.lock();
        try {
            link(heads, hash, ROOT_SLOT);
        } finally {
            stripe.unlock();
        }
    }

    /** Whether the client may use this nodeid. */
    boolean isLive(long nodeid) {
        int slot = (int) nodeid;
        if (slot <= 0 || slot >>> CHUNK_BITS >= chunks.length) {
            return false;
        }
        long state = (long) WORD.getAcquire(chunk(slot), at(slot) + STATE);
        return state >>> 32 == nodeid >>> 32 && (state & COUNT_MASK) != 0;
    }

    /**
     * Looks an inode up without a lock and counts a lookup.
     *
     * @return its nodeid; 0 if it is not there, or if that is not certain
     */
    long find(int mount, long ino, long birth) {
        int hash = hash(mount, ino, birth);
        int[] table = heads;
        int slot = (int) HEAD.getAcquire(table, hash & table.length - 1);
        for (int steps = 0; slot != 0 && steps < MAX_STEPS; steps++) {
            long[] chunk = chunk(slot);
            int at = at(slot);
            long state = (long) WORD.getAcquire(chunk, at + STATE);
            if ((state & COUNT_MASK) != 0 && matches(chunk, at, mount, ino, birth)) {
                return add(chunk, at, state) ? state >>> 32 << 32 | slot : 0;
            }
            slot = (int) (long) WORD.getAcquire(chunk, at + NEXT);
        }
        return 0;
    }

    /**
     * Looks an inode up without counting a lookup, under the lock of its chain: certainly.
     *
     * @return its nodeid; 0 if it is not there
     */
    long peek(int mount, long ino, long birth) {
        int hash = hash(mount, ino, birth);
        ReentrantLock stripe = stripes[hash & STRIPES - 1];
        stripe.lock();
        try {
            int slot = inChain(hash, mount, ino, birth);
            return slot == 0 ? 0 : (long) WORD.getAcquire(chunk(slot), at(slot) + STATE) >>> 32 << 32 | slot;
        } finally {
            stripe.unlock();
        }
    }

    /** The slot of an inode, under the lock of its chain, where its count cannot be, or become, zero; 0 if it is not there. */
    private int inChain(int hash, int mount, long ino, long birth) {
        int[] table = heads;
        int slot = table[hash & table.length - 1];
        while (slot != 0 && !matches(chunk(slot), at(slot), mount, ino, birth)) {
            slot = (int) chunk(slot)[at(slot) + NEXT];
        }
        return slot;
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
     * Finds or makes an inode and counts a lookup.
     *
     * @param kind see {@link #kind}
     * @param handle the words of the file handle, looked at only if its length is 1 to {@link #INLINE_HANDLE_BYTES}
     * @param aside what does not fit into the record; its bytes were taken from the allowance, and are given back if
     *     there is a record already
     * @param spare a slot of {@link #allocate}
     * @return its nodeid; if it has another slot than {@code spare}, that stays the caller's
     */
    long insert(long kind, long ino, long birth, long[] handle, @Nullable Object aside, int spare) {
        int mount = (int) (kind >>> 32);
        int hash = hash(mount, ino, birth);
        ReentrantLock stripe = stripes[hash & STRIPES - 1];
        long nodeid;
        stripe.lock();
        try {
            int there = inChain(hash, mount, ino, birth);
            if (there != 0) {
                long state = (long) WORD.getAcquire(chunk(there), at(there) + STATE);
                add(chunk(there), at(there), state);
                memory.give(bytesOf(aside));
                return state >>> 32 << 32 | there;
            }
            int slot = spare;
            long[] chunk = chunk(slot);
            int at = at(slot);
            chunk[at + INO] = ino;
            chunk[at + BIRTH] = birth;
            chunk[at + KIND] = kind;
            System.arraycopy(handle, 0, chunk, at + HANDLE, INLINE_HANDLE_BYTES / Long.BYTES);
            exchangeAside(slot, aside);
            long generation = (long) WORD.getOpaque(chunk, at + STATE) >>> 32;
            WORD.setRelease(chunk, at + STATE, generation << 32 | 1);
            link(heads, hash, slot);
            nodeid = generation << 32 | slot;
        } finally {
            stripe.unlock();
        }
        if (inodes.incrementAndGet() > heads.length) {
            growBuckets();
        }
        return nodeid;
    }

    /**
     * Takes {@code lookups} back.
     *
     * @param lookups unsigned; more than there are count as all
     * @return whether the inode is gone: its slot then waits for {@link #recycle}
     */
    boolean forget(long nodeid, long lookups) {
        int slot = (int) nodeid;
        if (slot == ROOT_SLOT || lookups == 0) {
            return false;
        }
        while (isLive(nodeid)) {
            long[] chunk = chunk(slot);
            int at = at(slot);
            int hash = hash((int) (chunk[at + KIND] >>> 32), chunk[at + INO], chunk[at + BIRTH]);
            long state = (long) WORD.getAcquire(chunk, at + STATE);
            long count = state & COUNT_MASK;
            if (state >>> 32 != nodeid >>> 32 || count == 0 || count == SATURATED) {
                return false;
            }
            if (Long.compareUnsigned(lookups, count) < 0) {
                if (WORD.compareAndSet(chunk, at + STATE, state, state - lookups)) {
                    return false;
                }
            } else if (remove(chunk, at, slot, hash, state)) {
                inodes.decrementAndGet();
                return true;
            }
        }
        return false;
    }

    /** Removes the inode, unless its state has changed meanwhile. */
    private boolean remove(long[] chunk, int at, int slot, int hash, long state) {
        ReentrantLock stripe = stripes[hash & STRIPES - 1];
        stripe.lock();
        try {
            long nextGeneration = ((state >>> 32) + 1) << 32;
            if (!WORD.compareAndSet(chunk, at + STATE, state, nextGeneration)) {
                return false;
            }
            if ((chunk[at + KIND] & DETACHED) == 0) {
                unlink(heads, hash, slot);
            }
            memory.give(bytesOf(exchangeAside(slot, null)));
            return true;
        } finally {
            stripe.unlock();
        }
    }

    /**
     * Ends the identity of an inode: from now on it is found by its nodeid only, and not opened by name any more. Its
     * count stays as it is.
     */
    void detach(long nodeid) {
        int slot = (int) nodeid;
        if (slot == ROOT_SLOT || !isLive(nodeid)) {
            return;
        }
        int hash = hash(mount(slot), ino(slot), birth(slot));
        ReentrantLock stripe = stripes[hash & STRIPES - 1];
        stripe.lock();
        try {
            long kind = kind(slot);
            if (isLive(nodeid) && (kind & DETACHED) == 0) {
                unlink(heads, hash, slot);
                WORD.setOpaque(chunk(slot), at(slot) + KIND, kind | DETACHED);
                memory.give(bytesOf(exchangeAside(slot, null)));
            }
        } finally {
            stripe.unlock();
        }
    }

    /** Lets the slot of an inode that is gone be used again: nobody uses its descriptor any more. */
    void recycle(int slot) {
        long[] chunk = chunk(slot);
        int at = at(slot);
        while (true) {
            long head = free.get();
            WORD.setRelease(chunk, at + NEXT, head & COUNT_MASK);
            if (free.compareAndSet(head, ((head >>> 32) + 1) << 32 | slot)) {
                return;
            }
        }
    }

    /**
     * Takes a slot for a node to be inserted.
     *
     * @return 0 if there is no room: the allowance is spent
     */
    int allocate() {
        while (true) {
            long head = free.get();
            int slot = (int) head;
            if (slot == 0) {
                break;
            }
            long next = (long) WORD.getAcquire(chunk(slot), at(slot) + NEXT);
            if (free.compareAndSet(head, ((head >>> 32) + 1) << 32 | (next & COUNT_MASK))) {
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

    /** Makes the record of a slot; false if the allowance is spent. Records stay until the session ends. */
    private boolean provide(int slot) {
        int index = slot >>> CHUNK_BITS;
        if (index < chunks.length) {
            return true;
        }
        growth.lock();
        try {
            while (chunks.length <= index) {
                if (!memory.take((long) CHUNK_SLOTS * NODE_BYTES)) {
                    return false;
                }
                long[][] more = Arrays.copyOf(chunks, chunks.length + 1);
                more[chunks.length] = new long[CHUNK_SLOTS * WORDS];
                chunks = more;
            }
            return true;
        } finally {
            growth.unlock();
        }
    }

    /** Under all locks. A reader without one may be led from an old chain into a new one: it stops after a while. */
    private void growBuckets() {
        for (ReentrantLock stripe : stripes) {
            stripe.lock();
        }
        try {
            int[] table = heads;
            if (inodes.get() <= table.length || table.length >= MAX_SLOTS) {
                return;
            }
            int[] larger = new int[table.length * 2];
            for (int head : table) {
                for (int slot = head; slot != 0; ) {
                    long[] chunk = chunk(slot);
                    int at = at(slot);
                    int next = (int) chunk[at + NEXT];
                    link(larger, hash((int) (chunk[at + KIND] >>> 32), chunk[at + INO], chunk[at + BIRTH]), slot);
                    slot = next;
                }
            }
            heads = larger;
        } finally {
            for (ReentrantLock stripe : stripes) {
                stripe.unlock();
            }
        }
    }

    private void link(int[] table, int hash, int slot) {
        int bucket = hash & table.length - 1;
        WORD.setRelease(chunk(slot), at(slot) + NEXT, (long) table[bucket]);
        HEAD.setRelease(table, bucket, slot);
    }

    private void unlink(int[] table, int hash, int slot) {
        int bucket = hash & table.length - 1;
        long next = chunk(slot)[at(slot) + NEXT];
        int before = 0;
        for (int i = table[bucket]; i != slot; i = (int) chunk(i)[at(i) + NEXT]) {
            before = i;
        }
        if (before == 0) {
            HEAD.setRelease(table, bucket, (int) next);
        } else {
            WORD.setRelease(chunk(before), at(before) + NEXT, next);
        }
    }

    /** Inode number on the host. */
    long ino(int slot) {
        return chunk(slot)[at(slot) + INO];
    }

    /** What tells the inode from an earlier one of the same number: {@link MountTable.Mount#birth}. */
    long birth(int slot) {
        return chunk(slot)[at(slot) + BIRTH];
    }

    /** Word 4, see {@link #kind}. */
    long kind(int slot) {
        return (long) WORD.getOpaque(chunk(slot), at(slot) + KIND);
    }

    /** Index in the {@link MountTable}. */
    int mount(int slot) {
        return (int) (kind(slot) >>> 32);
    }

    /** The type bits of the mode ({@code S_IF*}). */
    int type(int slot) {
        return (int) (kind(slot) & 0xf) << 12;
    }

    static int handleType(long kind) {
        return (int) (kind >>> 16 & 0xffff);
    }

    static int handleLength(long kind) {
        return (int) (kind >>> 8 & 0xff);
    }

    /** Forgets a file handle that turned out to be another file's. */
    void dropHandle(long nodeid) {
        int slot = (int) nodeid;
        ReentrantLock stripe = stripes[hash(mount(slot), ino(slot), birth(slot)) & STRIPES - 1];
        stripe.lock();
        try {
            if (isLive(nodeid)) {
                long kind = kind(slot);
                WORD.setOpaque(chunk(slot), at(slot) + KIND, kind & ~HANDLE_LENGTH_MASK);
            }
        } finally {
            stripe.unlock();
        }
    }

    /** One word of a file handle of at most {@link #INLINE_HANDLE_BYTES} bytes. */
    long handleWord(int slot, int index) {
        return chunk(slot)[at(slot) + HANDLE + index];
    }

    /** What is held beside the record. */
    @Nullable
    Object aside(int slot) {
        @Nullable Object[][] table = asides;
        int index = slot >>> CHUNK_BITS;
        return index < table.length ? table[index][slot & CHUNK_SLOTS - 1] : null;
    }

    /**
     * Sets where an inode without a file handle was last seen. The bytes of the location were taken from the allowance.
     */
    void relocate(long nodeid, Location location) {
        int slot = (int) nodeid;
        Object replaced = location;
        ReentrantLock stripe = stripes[hash(mount(slot), ino(slot), birth(slot)) & STRIPES - 1];
        stripe.lock();
        try {
            if (slot != ROOT_SLOT && isLive(nodeid) && (kind(slot) & (HANDLE_LENGTH_MASK | DETACHED)) == 0) {
                replaced = exchangeAside(slot, location);
            }
        } finally {
            stripe.unlock();
        }
        memory.give(bytesOf(replaced));
    }

    private @Nullable Object exchangeAside(int slot, @Nullable Object aside) {
        int index = slot >>> CHUNK_BITS;
        if (index >= asides.length) {
            if (aside == null) {
                return null;
            }
            growth.lock();
            try {
                while (asides.length <= index) {
                    @Nullable Object[][] more = Arrays.copyOf(asides, asides.length + 1);
                    more[asides.length] = new Object[CHUNK_SLOTS];
                    asides = more;
                }
            } finally {
                growth.unlock();
            }
        }
        return ASIDE.getAndSet(asides[index], slot & CHUNK_SLOTS - 1, aside);
    }

    /** Word 5, for the {@link DescriptorCache}. */
    long descriptor(int slot) {
        return (long) WORD.getAcquire(chunk(slot), at(slot) + DESCRIPTOR);
    }

    boolean compareAndSetDescriptor(int slot, long expected, long next) {
        return WORD.compareAndSet(chunk(slot), at(slot) + DESCRIPTOR, expected, next);
    }

    /**
     * Sets word 5, if it is 0 and the inode still lives: under the lock under which it would die, so that a descriptor never
     * gets to the next inode in the slot.
     */
    boolean installDescriptor(long nodeid, long word) {
        int slot = (int) nodeid;
        int hash = hash(mount(slot), ino(slot), birth(slot));
        ReentrantLock stripe = stripes[hash & STRIPES - 1];
        stripe.lock();
        try {
            return isLive(nodeid) && compareAndSetDescriptor(slot, 0, word);
        } finally {
            stripe.unlock();
        }
    }

    /** The end of the slots ever used, for the end of the session. */
    int slotLimit() {
        return Math.min(firstFresh.get(), chunks.length << CHUNK_BITS);
    }

    private static boolean matches(long[] chunk, int at, int mount, long ino, long birth) {
        return chunk[at + INO] == ino && chunk[at + BIRTH] == birth && (int) (chunk[at + KIND] >>> 32) == mount;
    }

    private static int hash(int mount, long ino, long birth) {
        long mixed = (ino ^ Long.rotateLeft(birth, 21) ^ (long) mount << 48) * 0x9e37_79b9_7f4a_7c15L;
        mixed ^= mixed >>> 32;
        mixed *= 0xd6e8_feb8_6659_fd93L;
        return (int) (mixed >>> 32);
    }

    private long[] chunk(int slot) {
        return chunks[slot >>> CHUNK_BITS];
    }

    private static int at(int slot) {
        return (slot & CHUNK_SLOTS - 1) * WORDS;
    }
}

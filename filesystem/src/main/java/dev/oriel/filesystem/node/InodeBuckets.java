package dev.oriel.filesystem.node;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The hash buckets of a {@link InodeTable}: each is a chain of records by their word {@code next}. A chain changes
 * under its lock only; a reader without it may miss what is there, or be led from an old chain into a new one.
 */
final class InodeBuckets {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle HEAD = MethodHandles.arrayElementVarHandle(int[].class);

    /** A power of two: buckets with the same low bits share a lock, however large the table grows. */
    private static final int STRIPES = 64;

    private static final int MIN_BUCKETS = 1024;

    private final InodeRecords records;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private volatile int[] heads = new int[MIN_BUCKETS];

    InodeBuckets(InodeRecords records) {
        this.records = records;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** The lock of the chain of all nodes with this hash. */
    ReentrantLock lock(int hash) {
        return stripes[hash & STRIPES - 1];
    }

    /** Where the chain begins, for a reader without lock; 0 if it is empty. */
    int first(int hash) {
        int[] table = heads;
        return (int) HEAD.getAcquire(table, hash & table.length - 1);
    }

    /**
     * The slot of a node, under the lock of its chain, where its count cannot be, or become, zero; 0 if it is not
     * there.
     */
    int find(int hash, int domain, long id, long version) {
        int[] table = heads;
        int slot = table[hash & table.length - 1];
        while (slot != 0 && !matches(records.chunk(slot), records.at(slot), domain, id, version)) {
            slot = (int) records.chunk(slot)[records.at(slot) + InodeTable.NEXT];
        }
        return slot;
    }

    /** Puts a record into its chain, under its lock. */
    void link(int hash, int slot) {
        link(heads, hash, slot);
    }

    private void link(int[] table, int hash, int slot) {
        int bucket = hash & table.length - 1;
        WORD.setRelease(records.chunk(slot), records.at(slot) + InodeTable.NEXT, (long) table[bucket]);
        HEAD.setRelease(table, bucket, slot);
    }

    /** Takes a record out of its chain, under its lock. */
    void unlink(int hash, int slot) {
        int[] table = heads;
        int bucket = hash & table.length - 1;
        long next = records.chunk(slot)[records.at(slot) + InodeTable.NEXT];
        int before = 0;
        for (int i = table[bucket]; i != slot; i = (int) records.chunk(i)[records.at(i) + InodeTable.NEXT]) {
            before = i;
        }
        if (before == 0) {
            HEAD.setRelease(table, bucket, (int) next);
        } else {
            WORD.setRelease(records.chunk(before), records.at(before) + InodeTable.NEXT, next);
        }
    }

    /** Makes more buckets if there are more nodes than that. */
    void grow(int nodes) {
        if (nodes <= heads.length || heads.length >= InodeRecords.MAX_SLOTS) {
            return;
        }
        for (ReentrantLock stripe : stripes) {
            stripe.lock();
        }
        try {
            int[] table = heads;
            if (nodes <= table.length) {
                return;
            }
            int[] larger = new int[table.length * 2];
            for (int head : table) {
                for (int slot = head; slot != 0; ) {
                    int next = (int) records.chunk(slot)[records.at(slot) + InodeTable.NEXT];
                    link(larger, hashOf(slot), slot);
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

    static boolean matches(long[] chunk, int at, int domain, long id, long version) {
        return chunk[at + InodeTable.ID] == id
                && chunk[at + InodeTable.VERSION] == version
                && InodeKind.domain(chunk[at + InodeTable.KIND]) == domain;
    }

    int hashOf(int slot) {
        return hash(
                InodeKind.domain(records.chunk(slot)[records.at(slot) + InodeTable.KIND]),
                records.chunk(slot)[records.at(slot) + InodeTable.ID],
                records.chunk(slot)[records.at(slot) + InodeTable.VERSION]);
    }

    static int hash(int domain, long id, long version) {
        long mixed = (id ^ Long.rotateLeft(version, 21) ^ (long) domain << 48) * 0x9e37_79b9_7f4a_7c15L;
        mixed ^= mixed >>> 32;
        mixed *= 0xd6e8_feb8_6659_fd93L;
        return (int) (mixed >>> 32);
    }
}

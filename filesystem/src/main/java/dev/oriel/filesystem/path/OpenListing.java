package dev.oriel.filesystem.path;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.DirectoryListing;
import dev.oriel.filesystem.node.Handle;
import java.util.concurrent.locks.ReentrantLock;

/** A directory that a client has open, with its entries as they were when it was read from its beginning. */
final class OpenListing extends Handle {
    final ReentrantLock lock = new ReentrantLock();
    final DirectoryListing entries = new DirectoryListing();
    private final Allowance memory;
    private long taken;
    private boolean isRead;

    OpenListing(long nodeid, Allowance memory) {
        super(nodeid);
        this.memory = memory;
    }

    /** Whether it was read. */
    boolean isRead() {
        return isRead;
    }

    /** It is read anew. */
    void clear() {
        entries.clear();
        isRead = false;
    }

    /** All entries are there. */
    void complete() {
        isRead = true;
    }

    /** Takes the heap of the entries so far from the allowance; false if there is not as much. */
    boolean hasRoom() {
        long wanted = entries.heapBytes();
        if (wanted > taken) {
            if (!memory.take(wanted - taken)) {
                return false;
            }
            taken = wanted;
        }
        return true;
    }

    @Override
    protected void dispose() {
        memory.give(taken);
        taken = 0;
    }
}

package dev.oriel.virtio.queue;

import dev.oriel.linux.Patience;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.ring.Ring;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * The chains of one queue: as many as were ever in flight at once, at most one for each descriptor of its ring. Each is
 * free, in flight, or pending: completed and not yet given back. Guarded by the lock of the queue.
 */
final class ChainPool {
    /**
     * Pieces of buffers that chains may have room for, for each descriptor of the ring. A driver whose chains in flight
     * need more waits until some are completed: 64 requests of 1 MiB, of which no two pages lie side by side, in a ring
     * of 1024.
     */
    private static final int PIECES_FOR_DESCRIPTOR = 64;

    /** How often to look, while chains are in flight, after those whom the driver makes wait. */
    private static final long LOOK_MILLIS = 100;

    private static final System.Logger LOGGER = System.getLogger("dev.oriel.virtio");

    private final Virtqueue queue;
    private final Object lock;
    private final QueuedChain[] all;
    private final QueuedChain[] free;
    private final QueuedChain[] pending;
    private int created;
    private int freeCount;
    private int pendingCount;

    /** What all chains have room for. */
    private int pieces;

    /**
     * @param lock of the queue
     * @param size descriptors of the ring
     */
    ChainPool(Virtqueue queue, Object lock, int size) {
        this.queue = queue;
        this.lock = lock;
        all = new QueuedChain[size];
        free = new QueuedChain[size];
        pending = new QueuedChain[size];
    }

    /** The most chains that there can be. */
    int size() {
        return all.length;
    }

    /** Whether a chain more may be taken; if need be, those that are not in flight give up what they have room for. */
    boolean haveRoom() {
        return pieces < PIECES_FOR_DESCRIPTOR * all.length || makeRoom();
    }

    private boolean makeRoom() {
        pieces = 0;
        for (int i = 0; i < created; i++) {
            if (!all[i].inFlight) {
                all[i].shrink();
            }
            pieces += all[i].capacity();
        }
        return pieces < PIECES_FOR_DESCRIPTOR * all.length;
    }

    /** A chain has room for so many pieces more. */
    void grown(int morePieces) {
        pieces += morePieces;
    }

    /** A free chain, or null if as many are in flight as the ring has descriptors. */
    @Nullable
    QueuedChain obtain() {
        if (freeCount > 0) {
            return free[--freeCount];
        }
        if (created == all.length) {
            return null;
        }
        QueuedChain chain = new QueuedChain(queue);
        all[created++] = chain;
        return chain;
    }

    void free(QueuedChain chain) {
        free[freeCount++] = chain;
    }

    /** All chains are free, whatever became of them. */
    void freeAll() {
        System.arraycopy(all, 0, free, 0, created);
        freeCount = created;
        pendingCount = 0;
    }

    /** A chain in flight was completed, and is pending. */
    void settle(QueuedChain chain) {
        chain.inFlight = false;
        pending[pendingCount++] = chain;
    }

    /** How many are pending. */
    int pending() {
        return pendingCount;
    }

    /**
     * Gives back all that are pending. They are free when the driver can see them, not before: if a page of the ring is
     * gone ({@link InternalError}), all stay where they are.
     *
     * @return whether the driver wants to be notified
     */
    boolean publish(Ring ring) {
        for (int i = 0; i < pendingCount; i++) {
            ring.use(pending[i], pending[i].written);
        }
        boolean interrupt = ring.publish();
        for (int i = 0; i < pendingCount; i++) {
            free(pending[i]);
        }
        pendingCount = 0;
        return interrupt;
    }

    /** Whether a chain in flight has a buffer in a region. */
    boolean use(GuestRegion region) {
        for (int i = 0; i < created; i++) {
            if (all[i].uses(region)) {
                return true;
            }
        }
        return false;
    }

    /** Counted, not kept: a number would be wrong for ever if a failure came between it and a chain. */
    int inFlight() {
        int count = 0;
        for (int i = 0; i < created; i++) {
            if (all[i].inFlight) {
                count++;
            }
        }
        return count;
    }

    /**
     * Waits until no chain is in flight; who completes one notifies the lock. Called without the lock.
     *
     * @param name of the queue, for the log
     * @param meanwhile called again and again while it waits
     */
    void awaitCompletion(String name, Runnable meanwhile) {
        boolean interrupted = false;
        Patience patience = new Patience(Patience.USUAL_NANOS);
        while (true) {
            int left;
            synchronized (lock) {
                left = inFlight();
                if (left > 0) {
                    try {
                        lock.wait(LOOK_MILLIS);
                        left = inFlight();
                    } catch (InterruptedException later) {
                        interrupted = true;
                    }
                }
            }
            if (left == 0) {
                break;
            }
            meanwhile.run();
            if (patience.ends()) {
                LOGGER.log(
                        Level.WARNING,
                        "{0}: waits for {1} requests whose files do not answer; the guest''s memory stays mapped until they do",
                        name,
                        left);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

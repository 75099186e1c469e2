package dev.oriel.device.dax;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the requests that change a file beside the window, on threads that never wait for it. Whoever brings a file
 * into the window makes that known first, and then waits here until every request has ended that may not know.
 *
 * <p>There are two sets of counters. New requests use the one, while those that are awaited are in the other: so the
 * wait ends, however many come. The counters of threads lie apart.
 */
final class RequestsBesideWindow {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private static final int THREADS = 16;
    private static final int STRIDE_SHIFT = 4;
    private static final long PAUSE_NANOS = 20_000;

    /** When the log is told that the wait is a long one. */
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final AtomicIntegerArray counters = new AtomicIntegerArray((2 * THREADS) << STRIDE_SHIFT);
    private volatile int current;

    /**
     * A request begins, which looks after this whether its file is in the window.
     *
     * @return what to {@link #leave} with
     */
    int enter() {
        int thread = (int) Thread.currentThread().threadId() & (THREADS - 1);
        while (true) {
            int set = current;
            int counter = (set * THREADS + thread) << STRIDE_SHIFT;
            counters.getAndIncrement(counter);
            if (set == current) {
                return counter;
            }
            counters.getAndDecrement(counter);
        }
    }

    void leave(int counter) {
        counters.getAndDecrement(counter);
    }

    /** Waits until all requests have ended that began before this was called. One thread at a time. */
    void await() {
        int set = current;
        current = 1 - set;
        long began = System.nanoTime();
        boolean told = false;
        for (int thread = 0; thread < THREADS; thread++) {
            while (counters.get((set * THREADS + thread) << STRIDE_SHIFT) != 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
                if (!told && System.nanoTime() - began > PATIENCE_NANOS) {
                    told = true;
                    LOG.log(
                            Level.WARNING,
                            "A mapping of the DAX window waits for a request that the host''s file system does not"
                                    + " answer");
                }
            }
        }
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.linux.Failure;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that looks now and then for what is not used any more, as long as there is anything; it sleeps otherwise. A
 * look that fails is followed by the next.
 */
final class Sweeper {
    private static final Logger LOG = System.getLogger("dev.oriel.filesystem");

    /** What is swept. */
    interface Floor {
        /** Closes what was not used since the last time; answers whether any is left. For the thread. */
        boolean sweep();

        /** Whether there is anything, as others have left it who then called {@link #wake}. For the thread. */
        boolean holdsAny();
    }

    private final Floor floor;
    private final long pauseNanos;
    private final Thread thread;
    private final AtomicBoolean sweeping = new AtomicBoolean();
    private volatile boolean closed;

    /**
     * @param threads makes the thread
     * @param pauseNanos between two looks, in nanoseconds
     */
    Sweeper(Floor floor, ThreadFactory threads, long pauseNanos) {
        this.floor = floor;
        this.pauseNanos = pauseNanos;
        thread = threads.newThread(this::sweepWhileUsed);
    }

    /** @throws OutOfMemoryError if there is no thread for it */
    void start() {
        thread.start();
    }

    /** There is something to look after. Any thread. */
    void wake() {
        if (!sweeping.get() && sweeping.compareAndSet(false, true)) {
            LockSupport.unpark(thread);
        }
    }

    private void sweepWhileUsed() {
        while (!closed) {
            if (!sweeping.get()) {
                LockSupport.park(this);
                continue;
            }
            LockSupport.parkNanos(this, pauseNanos);
            try {
                look();
            } catch (RuntimeException | Error failed) {
                LOG.log(Level.ERROR, "files that are not used stay open for a while: {0}", Failure.reason(failed));
                LOG.log(Level.DEBUG, "this is where", failed);
            }
        }
    }

    private void look() {
        if (!floor.sweep()) {
            sweeping.set(false);
            // somebody may have come between the look and the word
            if (floor.holdsAny()) {
                sweeping.set(true);
            }
        }
    }

    /** Ends the thread soon; does not wait for it. */
    void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}

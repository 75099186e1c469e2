package dev.oriel.virtio.queue;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Looks at the ring of one queue before its thread sleeps, as long as that pays. For the thread of the queue.
 *
 * <p>Adaptive, it backs off: after the second look in a row that found nothing it lets one wait pass, after the third
 * three, after the fourth seven. One miss costs nothing more, as guests have their hiccups. How long the waits that it
 * let pass turned out to be says when to look again.
 *
 * <p>It does not look either where that gains too little ({@link LookGain}).
 *
 * <p>Between looks the thread yields: where there are more queues and drivers than processors, who has work runs, and
 * nobody has to be woken for it. If somebody else then ran for long there is no processor to spare, and it sleeps.
 */
final class RingPoller {
    /** A yield that took longer has let somebody else run who does more than look, or serve a few requests. */
    private static final long OTHERS_NANOS = 50_000;

    /** So many misses in a row let 63 waits pass. */
    private static final int MOST_MISSES = 7;

    private volatile Polling polling = Polling.OFF;

    private final LookGain gain = new LookGain();

    // Written by the thread of the queue only.
    private final AtomicLong found = new AtomicLong();
    private final AtomicLong inVain = new AtomicLong();

    /** How many looks in a row have found nothing. */
    private int misses;

    /** How many waits to let pass. */
    private int passes;

    /** When the last chain had been served; 0: not waiting, or not polling. */
    private long waitingSince;

    /** Sets how to look from the next wait on. Any thread. */
    void use(Polling next) {
        polling = next;
    }

    /** How many looks found something. Any thread. */
    long found() {
        return found.getOpaque();
    }

    /** How many looks found nothing. Any thread. */
    long inVain() {
        return inVain.getOpaque();
    }

    /**
     * Looks for a while, the driver not kicking meanwhile; answers whether there is something to take.
     *
     * @param served how many chains were served since it was asked last
     */
    boolean findsWork(Virtqueue queue, int served) {
        Polling now = polling;
        if (now.mostNanos() == 0) {
            waitingSince = 0;
            return false;
        }
        waitingSince = System.nanoTime();
        if (now.adaptive() && !gain.looks(waitingSince, served)) {
            return false;
        }
        // In a trial none is let pass: looks that are not made would be compared with none.
        if (now.adaptive() && passes > 0 && !gain.trying()) {
            passes--;
            return false;
        }
        if (look(queue, waitingSince, now.mostNanos())) {
            misses = 0;
            found.setOpaque(found.getPlain() + 1);
            return true;
        }
        inVain.setOpaque(inVain.getPlain() + 1);
        misses = Math.min(misses + 1, MOST_MISSES);
        passes = (1 << (misses - 1)) - 1;
        return false;
    }

    @SuppressWarnings("ThreadPriorityCheck") // it is to notice the scheduler, not to rely on it
    private static boolean look(Virtqueue queue, long begin, long limit) {
        while (!queue.available()) {
            long before = System.nanoTime();
            if (before - begin >= limit) {
                return false;
            }
            Thread.yield();
            if (System.nanoTime() - before > OTHERS_NANOS) {
                return false;
            }
        }
        return true;
    }

    /**
     * The thread has slept and was woken. A wait within reach of a look says that looking pays, and one of up to twice
     * as long that it may: the driver's kick and the thread's waking are part of it, and take about as long as a short
     * request.
     */
    void woke() {
        if (waitingSince == 0) {
            return;
        }
        long waited = System.nanoTime() - waitingSince;
        long reach = polling.mostNanos();
        if (waited <= reach) {
            passes = 0;
        } else if (waited <= 2 * reach) {
            passes /= 2;
        }
    }
}

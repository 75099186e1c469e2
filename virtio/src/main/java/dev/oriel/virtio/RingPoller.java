package dev.oriel.virtio;

/**
 * Looks at the ring of one queue before its thread sleeps, for as long as that pays. For the thread of the queue.
 *
 * <p>Adaptive, it learns from how long each wait turned out to be, as KVM does for a halted virtual processor (halt_poll_ns): a wait that
 * was within reach makes the next look longer, one that was out of reach ends looking until waits are short again.
 *
 * <p>Between looks the thread yields: where there are more queues and drivers than processors, who has work runs, and nobody has to be
 * woken for it. If somebody else then ran for long there is no processor to spare, and it sleeps.
 */
final class RingPoller {
    /** The first look after waits have become short. */
    private static final long FIRST_NANOS = 10_000;

    /** A yield that took longer has let somebody else run who does more than look, or serve a few requests. */
    private static final long OTHERS_NANOS = 50_000;

    private volatile Polling polling = Polling.OFF;

    /** How long to look next time. */
    private long window;

    /** When the last chain had been served; 0: not waiting, or not polling. */
    private long waitingSince;

    /** Sets how to look from the next wait on. Any thread. */
    void use(Polling next) {
        polling = next;
    }

    /** Looks for a while, the driver not kicking meanwhile; answers whether there is something to take. */
    boolean findsWork(Virtqueue queue) {
        Polling now = polling;
        if (now.mostNanos() == 0) {
            waitingSince = 0;
            return false;
        }
        long begin = System.nanoTime();
        waitingSince = begin;
        long limit = now.adaptive() ? Math.min(window, now.mostNanos()) : now.mostNanos();
        return limit > 0 && look(queue, begin, limit);
    }

    @SuppressWarnings("ThreadPriorityCheck") // it is to notice the scheduler, not to rely on it
    private boolean look(Virtqueue queue, long begin, long limit) {
        while (!queue.available()) {
            long before = System.nanoTime();
            if (before - begin >= limit) {
                return false;
            }
            Thread.yield();
            if (System.nanoTime() - before > OTHERS_NANOS) {
                window = 0;
                return false;
            }
        }
        return true;
    }

    /** The thread has slept and was woken: how long the whole wait was says how long to look next time. */
    void woke() {
        if (waitingSince == 0) {
            return;
        }
        long waited = System.nanoTime() - waitingSince;
        long most = polling.mostNanos();
        if (waited > most) {
            window = 0;
        } else if (waited > window) {
            window = Math.min(most, Math.max(FIRST_NANOS, 2 * window));
        }
    }
}

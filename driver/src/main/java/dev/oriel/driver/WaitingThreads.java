package dev.oriel.driver;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads that wait for replies of one queue. One of them leads: it looks at the ring, and wakes the others as
 * their replies come. The others sleep until then, or until it is their turn to lead. One more thread may wait for
 * whatever comes, the poller.
 */
final class WaitingThreads {
    private final ClientRequest[] requests;
    private final AtomicBoolean led = new AtomicBoolean();
    private final AtomicInteger followers = new AtomicInteger();
    private volatile @Nullable Thread poller;

    /** @param requests for one of which each thread waits */
    WaitingThreads(ClientRequest[] requests) {
        this.requests = requests;
    }

    /** Whether this thread leads from now on: nobody else did. */
    boolean lead() {
        return led.compareAndSet(false, true);
    }

    /** The thread that led stops leading, and wakes one that can. */
    void letAnotherLead() {
        led.set(false);
        if (followers.get() > 0) {
            for (ClientRequest request : requests) {
                Thread thread = request.waiter;
                if (thread != null && !request.done) {
                    LockSupport.unpark(thread);
                    return;
                }
            }
        }
        wakePoller();
    }

    /**
     * Sleeps until a request is done, or this thread may lead, or so many nanoseconds after the start; may return for
     * no reason.
     */
    void follow(ClientRequest request, long start, long limit) {
        request.waiter = Thread.currentThread();
        followers.incrementAndGet();
        // the leader stops leading before it looks for followers, so one of us sees the other
        if (!request.done && led.get()) {
            LockSupport.parkNanos(this, Math.max(1, limit - (System.nanoTime() - start)));
        }
        followers.decrementAndGet();
        request.waiter = null;
    }

    /** Wakes the thread that waits for a request, if there is one. */
    static void wake(ClientRequest request) {
        Thread thread = request.waiter;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /** Says who waits for whatever comes; null if nobody does. */
    void poller(@Nullable Thread thread) {
        poller = thread;
    }

    void wakePoller() {
        LockSupport.unpark(poller);
    }
}

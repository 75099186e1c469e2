package dev.oriel.device;

import dev.oriel.device.operation.Operations;
import dev.oriel.device.operation.ReceivedRequest;
import dev.oriel.linux.Errno;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a device that wait for a lock (SETLKW), {@value #MOST} at most. They are not a thread each: they are
 * tried again when a lock is dropped through this device, and from time to time, for the other holder may be a process
 * of the host or another guest.
 *
 * <p>Any thread adds, interrupts and says that a lock was dropped; one at a time looks.
 */
final class LockWaits {
    /** One more is answered ENOLCK, which fcntl(2) and flock(2) know. */
    static final int MOST = 512;

    static final long LONGEST_RETRY_MILLIS = 20;

    /** {@link #look}: there is no need to come again. */
    static final long NOBODY_WAITS = 0;

    private static final long SHORTEST_RETRY_MILLIS = 1;

    private final Operations operations;

    /** All that wait, wherever they are. */
    private final AtomicInteger count = new AtomicInteger();

    /** The same, to be found by those who interrupt. */
    private final AtomicReferenceArray<@Nullable ReceivedRequest> places = new AtomicReferenceArray<>(MOST);

    private final ConcurrentLinkedQueue<ReceivedRequest> arrivals = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean dropped = new AtomicBoolean();

    // Of who looks.
    private final ArrayDeque<ReceivedRequest> waiting = new ArrayDeque<>(MOST + 1);
    private long retryMillis = SHORTEST_RETRY_MILLIS;
    private long nextRetry;

    /** @param operations used by who looks */
    LockWaits(Operations operations) {
        this.operations = operations;
    }

    /** Whether somebody waits. */
    boolean any() {
        return count.get() != 0;
    }

    /** Adds a request whose lock another holds; answers whether there was room for it. */
    boolean add(ReceivedRequest request) {
        if (count.incrementAndGet() > MOST) {
            count.decrementAndGet();
            endWait(request);
            return false;
        }
        // who leaves clears its place before it counts itself out: so there is one
        int place = 0;
        while (!places.compareAndSet(place, null, request)) {
            place = (place + 1) % MOST;
        }
        request.waitingPlace(place);
        try {
            arrivals.add(request);
            return true;
        } catch (OutOfMemoryError spent) {
            leave(request);
            return false;
        }
    }

    /** Takes back a request that was added; false if it has been looked at: then it is not the caller's any more. */
    boolean takeBack(ReceivedRequest request) {
        boolean taken = arrivals.remove(request);
        if (taken) {
            leave(request);
        }
        return taken;
    }

    private void leave(ReceivedRequest request) {
        try {
            endWait(request);
        } finally {
            places.set(request.waitingPlace(), null);
            count.decrementAndGet();
        }
    }

    /** Tells the file system, to which it was given as one that waits. */
    private static void endWait(ReceivedRequest request) {
        request.session().fileSystem().endLockWait(request.unique());
    }

    /** Marks the request that has this {@code unique}; answers whether one waits that was not marked before. */
    boolean interrupt(long unique) {
        if (!any()) {
            return false;
        }
        boolean found = false;
        for (int i = 0; i < MOST; i++) {
            ReceivedRequest request = places.get(i);
            found |= request != null && request.interrupt(unique);
        }
        return found;
    }

    /** A lock was dropped, or may have been; answers whether that is news to somebody. */
    boolean lockDropped() {
        return any() && dropped.compareAndSet(false, true);
    }

    /**
     * Ends the waits of those that were interrupted or whose queue stops, and tries the others if it is time.
     *
     * @return in how many milliseconds to look again, or {@link #NOBODY_WAITS}
     */
    long look() {
        takeArrivals();
        for (Iterator<ReceivedRequest> each = waiting.iterator(); each.hasNext(); ) {
            ReceivedRequest request = each.next();
            if (request.interrupted() || request.origin.draining()) {
                each.remove();
                settle(request, -Errno.EINTR);
            }
        }
        if (dropped.getAndSet(false)) {
            retryMillis = SHORTEST_RETRY_MILLIS;
            retry();
        } else if (!waiting.isEmpty() && System.nanoTime() - nextRetry >= 0) {
            retryMillis = Math.min(2 * retryMillis, LONGEST_RETRY_MILLIS);
            retry();
        }
        if (waiting.isEmpty()) {
            retryMillis = SHORTEST_RETRY_MILLIS;
            return NOBODY_WAITS;
        }
        return Math.max(1, TimeUnit.NANOSECONDS.toMillis(nextRetry - System.nanoTime()));
    }

    private void takeArrivals() {
        boolean first = waiting.isEmpty();
        for (ReceivedRequest request = arrivals.poll(); request != null; request = arrivals.poll()) {
            waiting.add(request);
        }
        if (first) {
            planRetry();
        }
    }

    private void planRetry() {
        nextRetry = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(retryMillis);
    }

    private void retry() {
        for (Iterator<ReceivedRequest> each = waiting.iterator(); each.hasNext(); ) {
            ReceivedRequest request = each.next();
            operations.begin(request);
            request.rewind(true);
            long result = operations.serve(request);
            if (result != Operations.WAIT_FOR_LOCK) {
                each.remove();
                settle(request, result);
            }
        }
        planRetry();
    }

    /** The session ends, and with it all waits. */
    void endAll() {
        takeArrivals();
        for (ReceivedRequest request = waiting.poll(); request != null; request = waiting.poll()) {
            settle(request, -Errno.ENOTCONN);
        }
    }

    private void settle(ReceivedRequest request, long result) {
        try {
            long answer = result;
            try {
                leave(request);
            } catch (RuntimeException | Error failure) {
                answer = Operations.failed(request, failure);
            }
            operations.begin(request);
            operations.end(request, answer);
        } finally {
            request.origin.settled(request);
        }
    }
}

package dev.oriel.device;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.linux.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that begins and ends sessions, and that keeps the requests which wait for a lock (SETLKW): these are not a
 * thread each, they are tried again when a lock is dropped through this device, and from time to time, for the other holder may
 * be a process of the host. The thread ends when it has had nothing to do for a while.
 */
final class SessionThread {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private static final long IDLE_SECONDS = 5;
    private static final long SHORTEST_RETRY_MILLIS = 1;
    private static final long LONGEST_RETRY_MILLIS = 20;

    private final SessionGate gate;
    private final Operations operations;
    private final InitNegotiation negotiation;
    private final ScheduledThreadPoolExecutor executor;

    /** All that wait for a lock, wherever they are: read by those who drop locks. */
    private final AtomicInteger waiters = new AtomicInteger();

    private final AtomicBoolean retryRequested = new AtomicBoolean();

    private final ConcurrentLinkedQueue<FuseRequest> arrivals = new ConcurrentLinkedQueue<>();

    // Of this thread only.
    private final ArrayDeque<FuseRequest> waiting = new ArrayDeque<>();
    private long retryMillis = SHORTEST_RETRY_MILLIS;
    private boolean retryScheduled;

    SessionThread(FileSystem fileSystem, SessionGate gate, Supplier<@Nullable DaxWindow> windows, String name) {
        this.gate = gate;
        operations = new Operations(this);
        negotiation = new InitNegotiation(fileSystem, windows);
        executor = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name(name).factory());
        executor.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
    }

    /** Takes over a FUSE_INIT: ends the session there is, begins another. */
    void begin(FuseRequest request) {
        executor.execute(() -> {
            endSession();
            request.rewind(true);
            operations.begin(request);
            long result;
            try {
                result = negotiation.serve(request, operations.reply());
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "The file system could not begin a session, the mount gets EIO: {0}", e);
                LOG.log(Level.DEBUG, "this is where", e);
                result = -Errno.EIO;
            }
            FuseSession begun = negotiation.begun();
            if (begun != null) {
                gate.open(begun);
                LOG.log(Level.DEBUG, "session begun: {0}", begun);
            }
            operations.end(request, result);
            request.queue.answered(request);
        });
    }

    /** Takes over a FUSE_DESTROY: ends the session there is. */
    void destroy(FuseRequest request) {
        executor.execute(() -> {
            endSession();
            operations.begin(request);
            operations.end(request, 0);
            request.queue.answered(request);
        });
    }

    /** Ends the session there is, and returns when it has ended. */
    void reset() {
        CompletableFuture.runAsync(this::endSession, executor).join();
    }

    /** Takes over a SETLKW whose lock another holds; it counts as deferred. Any thread. */
    void waitForLock(FuseRequest request) {
        waiters.getAndIncrement();
        arrivals.add(request);
        executor.execute(this::arrive);
    }

    /** A lock was dropped, or may have been: those who wait are tried soon. Any thread. */
    void lockDropped() {
        if (waiters.get() != 0 && retryRequested.compareAndSet(false, true)) {
            executor.execute(this::retryAtOnce);
        }
    }

    /** Ends the wait of the SETLKW that has this {@code unique}, if it waits. Any thread. */
    void interrupt(long unique) {
        if (waiters.get() != 0) {
            executor.execute(() -> endWaits(request -> request.unique() == unique, -Errno.EINTR));
        }
    }

    /** Ends all waits of the requests of {@code queue}. Any thread. */
    void drain(RequestQueue queue) {
        if (waiters.get() != 0) {
            executor.execute(() -> endWaits(request -> request.queue == queue, -Errno.EINTR));
        }
    }

    private void endSession() {
        FuseSession last = gate.close(() -> endWaits(request -> true, -Errno.ENOTCONN));
        if (last != null) {
            try {
                last.fileSystem().close();
                LOG.log(Level.DEBUG, "session ended: {0}", last);
            } catch (RuntimeException e) {
                // The next session must be able to begin.
                LOG.log(Level.ERROR, "The file system could not end a session: {0}", e);
                LOG.log(Level.DEBUG, "this is where", e);
            }
        }
    }

    private void arrive() {
        takeArrivals();
        retryLater();
    }

    private void retryAtOnce() {
        retryRequested.set(false);
        retryMillis = SHORTEST_RETRY_MILLIS;
        retry();
    }

    private void retryOnTime() {
        retryScheduled = false;
        retryMillis = Math.min(2 * retryMillis, LONGEST_RETRY_MILLIS);
        retry();
    }

    private void retry() {
        takeArrivals();
        for (Iterator<FuseRequest> each = waiting.iterator(); each.hasNext(); ) {
            FuseRequest request = each.next();
            operations.begin(request);
            request.rewind(true);
            long result = operations.serve(request);
            if (result != Operations.WAIT_FOR_LOCK) {
                each.remove();
                settle(request, result);
            }
        }
        retryLater();
    }

    private void retryLater() {
        if (waiting.isEmpty()) {
            retryMillis = SHORTEST_RETRY_MILLIS;
        } else if (!retryScheduled) {
            retryScheduled = true;
            Future<?> _ = executor.schedule(this::retryOnTime, retryMillis, TimeUnit.MILLISECONDS);
        }
    }

    private void endWaits(Predicate<FuseRequest> which, int error) {
        takeArrivals();
        for (Iterator<FuseRequest> each = waiting.iterator(); each.hasNext(); ) {
            FuseRequest request = each.next();
            if (which.test(request)) {
                each.remove();
                settle(request, error);
            }
        }
    }

    private void takeArrivals() {
        for (FuseRequest request = arrivals.poll(); request != null; request = arrivals.poll()) {
            if (request.queue.draining()) {
                settle(request, -Errno.EINTR);
            } else {
                waiting.add(request);
            }
        }
    }

    private void settle(FuseRequest request, long result) {
        waiters.getAndDecrement();
        operations.begin(request);
        operations.end(request, result);
        gate.settle(request.queue.index());
        request.queue.answered(request);
    }
}

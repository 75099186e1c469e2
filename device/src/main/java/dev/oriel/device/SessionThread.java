package dev.oriel.device;

import dev.oriel.device.dax.DaxWindow;
import dev.oriel.device.event.SessionEvent;
import dev.oriel.device.operation.FuseSession;
import dev.oriel.device.operation.LockEvents;
import dev.oriel.device.operation.Operations;
import dev.oriel.device.operation.ReceivedRequest;
import dev.oriel.device.statistics.RequestSums;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Failure;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that begins and ends sessions, and that tries again the requests that wait for a lock
 * {@link LockWaits}). It is started when there is something to do, and ends when it has had nothing to do for a while.
 * It has no list of tasks: whoever asks for something leaves a request or a mark, and wakes it, so that a client cannot
 * make it remember more than is bounded here. If it cannot be started, whoever wants a session begun or ended does that
 * himself.
 */
final class SessionThread implements LockEvents {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private static final long IDLE_MILLIS = 5_000;

    /** INITs and DESTROYs that wait for those before them. A client sends one. */
    private static final int MOST_CHANGES = 16;

    private final SessionGate gate;
    private final ThreadFactory threads;
    private final InitNegotiation negotiation;
    private final LockWaits waits;

    private final ConcurrentLinkedQueue<ReceivedRequest> changes = new ConcurrentLinkedQueue<>();
    private final AtomicInteger changesWaiting = new AtomicInteger();

    /** Held by whoever does what this thread is for. */
    private final ReentrantLock turn = new ReentrantLock();

    /** Used under {@link #turn}. */
    private final Operations operations;

    private final RequestSums sums;
    private @Nullable SessionEvent event;

    // Guarded by this.
    private @Nullable Thread thread;
    private boolean requested;

    /**
     * @param sums of what the device answers
     * @param threads makes the thread
     */
    SessionThread(
            FileSystem fileSystem,
            SessionGate gate,
            Supplier<@Nullable DaxWindow> windows,
            RequestSums sums,
            ThreadFactory threads) {
        this.gate = gate;
        this.threads = threads;
        operations = new Operations(this, sums.counters(false));
        this.sums = sums;
        waits = new LockWaits(operations);
        negotiation = new InitNegotiation(fileSystem, windows);
    }

    /** Whether one more FUSE_INIT or FUSE_DESTROY may wait; if so, it must follow, by {@link #change}. Any thread. */
    boolean admitsChange() {
        if (changesWaiting.incrementAndGet() <= MOST_CHANGES) {
            return true;
        }
        changesWaiting.decrementAndGet();
        return false;
    }

    /**
     * Takes over a FUSE_INIT: ends the session there is, begins another. Or a FUSE_DESTROY: ends the session there is.
     * Any thread.
     */
    void change(ReceivedRequest request) {
        boolean added = false;
        try {
            added = changes.add(request);
        } catch (OutOfMemoryError spent) {
            LOG.log(Level.DEBUG, "a session is begun or ended by the thread of a queue", spent);
        }
        if (added && (wake() || !changes.remove(request))) {
            return;
        }
        turn.lock();
        try {
            serveChange(request);
        } finally {
            turn.unlock();
        }
    }

    /** Ends the session there is, and returns when it has ended. No queue runs, and no request is under way. */
    void reset() {
        turn.lock();
        try {
            endSession(true);
        } finally {
            turn.unlock();
        }
    }

    /**
     * Takes over a SETLKW whose lock another holds; it counts as deferred. Any thread.
     *
     * @return false if it cannot wait, as too many do, or there is no thread that could try again: then it is still the
     *     caller's
     */
    boolean waitForLock(ReceivedRequest request) {
        return waits.add(request) && (wake() || !waits.takeBack(request));
    }

    /** A lock was dropped, or may have been: those who wait are tried soon. Any thread. */
    @Override
    public void lockDropped() {
        if (waits.lockDropped()) {
            wake();
        }
    }

    /** Ends the wait of the SETLKW that has this {@code unique}, if it waits. Any thread. */
    @Override
    public void interrupt(long unique) {
        if (waits.interrupt(unique)) {
            wake();
        }
    }

    /** A queue is about to stop: all waits of its requests end. Any thread. */
    void drain() {
        if (waits.any()) {
            wake();
        }
    }

    /** Makes the thread look; false if there is none and none can be started. */
    private synchronized boolean wake() {
        requested = true;
        if (thread != null) {
            notifyAll();
            return true;
        }
        try {
            Thread next = threads.newThread(this::run);
            next.start();
            thread = next;
            return true;
        } catch (RuntimeException | Error none) {
            LOG.log(Level.WARNING, "the thread for sessions cannot be started: {0}", Failure.reason(none));
            return false;
        }
    }

    private void run() {
        try {
            while (awaitsMore(work())) {
                // until it has been idle for long
            }
        } finally {
            synchronized (this) {
                if (Thread.currentThread().equals(thread)) {
                    thread = null;
                }
            }
        }
    }

    /** Does what there is to do; answers when to come again, in milliseconds. */
    private long work() {
        synchronized (this) {
            requested = false;
        }
        turn.lock();
        try {
            for (ReceivedRequest request = changes.poll(); request != null; request = changes.poll()) {
                serveChange(request);
            }
            return waits.look();
        } catch (RuntimeException | Error failure) {
            LOG.log(Level.ERROR, "sessions and locks: {0}", Failure.reason(failure));
            LOG.log(Level.DEBUG, "this is where", failure);
            return LockWaits.LONGEST_RETRY_MILLIS;
        } finally {
            turn.unlock();
        }
    }

    /** Sleeps; false, after a time without anything to do, if the thread is to end. */
    private synchronized boolean awaitsMore(long millis) {
        if (requested) {
            return true;
        }
        boolean idle = millis == LockWaits.NOBODY_WAITS;
        try {
            TimeUnit.MILLISECONDS.timedWait(this, idle ? IDLE_MILLIS : millis);
        } catch (InterruptedException nobodyDoes) {
            return true;
        }
        if (requested || !idle || waits.any()) {
            return true;
        }
        thread = null;
        return false;
    }

    /** Under {@link #turn}. */
    private void serveChange(ReceivedRequest request) {
        changesWaiting.decrementAndGet();
        try {
            long result;
            try {
                endSession(false);
                request.rewind(true);
                operations.begin(request);
                result = request.opcode() == FuseOpcode.INIT ? begin(request) : 0;
            } catch (RuntimeException | Error failure) {
                result = Operations.failed(request, failure);
            }
            operations.end(request, result);
        } finally {
            request.origin.answered(request);
        }
    }

    private long begin(ReceivedRequest request) {
        long result = negotiation.serve(request, operations.reply());
        FuseSession begun = negotiation.begun();
        if (begun != null) {
            sums.forgetNodes();
            gate.open(begun);
            event = SessionEvent.start(begun.toString());
            LOG.log(Level.DEBUG, "session begun: {0}", begun);
        }
        return result;
    }

    /** @param resting whether no queue runs and no request is under way */
    private void endSession(boolean resting) {
        FuseSession last = gate.close(waits::endAll, resting);
        if (last != null) {
            try {
                last.fileSystem().close();
                LOG.log(Level.DEBUG, "session ended: {0}", last);
            } catch (RuntimeException | Error failure) {
                // The next session must be able to begin.
                LOG.log(Level.ERROR, "The file system could not end a session: {0}", Failure.reason(failure));
                LOG.log(Level.DEBUG, "this is where", failure);
            }
            if (event != null) {
                event.commit();
                event = null;
            }
        }
    }
}

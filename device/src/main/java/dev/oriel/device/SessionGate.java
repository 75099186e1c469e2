package dev.oriel.device;

import dev.oriel.device.operation.FuseSession;
import dev.oriel.linux.Patience;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lets queues work in the session, and ends the session when none does any more, without a lock or a written word that
 * queues share: each queue announces in a word of its own which session it is in, and whoever ends the session takes it
 * away first and then waits until no word names it.
 *
 * <p>The announcement and the second look at {@link #current} are both volatile: either the queue sees that the session
 * was taken away, or the one who took it away sees the queue.
 */
final class SessionGate {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    /** Words of different queues lie in different cache lines. */
    private static final int STRIDE_SHIFT = 4;

    private static final long PAUSE_NANOS = 100_000;

    /** How long {@link #close} waits for requests that nobody can be serving any more. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final int queues;
    private final long patienceNanos;

    /** The place of who looks at the session from outside, for a moment. */
    private final int watcher;

    private final AtomicReferenceArray<@Nullable FuseSession> inside;
    private final AtomicIntegerArray deferred;
    private volatile @Nullable FuseSession current;

    SessionGate(int queues) {
        this(queues, Patience.USUAL_NANOS);
    }

    /** @param patienceNanos how long {@link #close} waits for files without a word, in nanoseconds; less in a test */
    SessionGate(int queues, long patienceNanos) {
        this.queues = queues;
        this.patienceNanos = patienceNanos;
        watcher = queues;
        inside = new AtomicReferenceArray<>((queues + 1) << STRIDE_SHIFT);
        deferred = new AtomicIntegerArray(queues << STRIDE_SHIFT);
    }

    /**
     * The thread of {@code queue} begins to serve a request.
     *
     * @return the session, which stays open until {@link #leave}; null if there is none
     */
    @Nullable
    FuseSession enter(int queue) {
        while (true) {
            FuseSession session = current;
            inside.set(queue << STRIDE_SHIFT, session);
            if (session == current) {
                return session;
            }
        }
    }

    /** The session that there is, for those who only look at what it is. */
    @Nullable
    FuseSession current() {
        return current;
    }

    /** The thread of {@code queue} has answered the request, or {@link #defer deferred} it. */
    void leave(int queue) {
        inside.setRelease(queue << STRIDE_SHIFT, null);
    }

    /** Another thread goes on with a request of {@code queue}. Called before {@link #leave}. */
    void defer(int queue) {
        deferred.getAndIncrement(queue << STRIDE_SHIFT);
    }

    /** A deferred request of {@code queue} has been answered. */
    void settle(int queue) {
        deferred.getAndDecrement(queue << STRIDE_SHIFT);
    }

    /** Opens the gate: requests are served in {@code session} from now on. There is none before. */
    void open(FuseSession session) {
        current = session;
    }

    /**
     * Closes the gate, and waits until the last request of the session has been answered.
     *
     * @param answerWaiting answers the requests that wait for somebody else; called again and again
     * @param resting whether no queue runs and all requests are answered: then one that is missed was miscounted, and
     *     is not waited for for ever
     * @return the session that nobody uses any more, or null if there was none
     */
    @Nullable
    FuseSession close(Runnable answerWaiting, boolean resting) {
        FuseSession last = current;
        current = null;
        if (last == null) {
            return null;
        }
        long begun = System.nanoTime();
        Patience patience = new Patience(patienceNanos);
        for (int queue = 0; queue < queues; queue++) {
            int word = queue << STRIDE_SHIFT;
            while (inside.get(word) != null || deferred.get(word) != 0) {
                answerWaiting.run();
                LockSupport.parkNanos(PAUSE_NANOS);
                if (resting && System.nanoTime() - begun > PATIENCE_NANOS) {
                    LOG.log(
                            Level.ERROR,
                            "{0} requests of queue {1} have left no trace: this is a bug in Oriel, please report it",
                            deferred.get(word),
                            queue);
                    inside.set(word, null);
                    deferred.set(word, 0);
                }
                if (!resting && patience.ends()) {
                    LOG.log(
                            Level.WARNING,
                            "{0}: its end and the next session wait for requests of queue {1} whose files do not answer",
                            last,
                            queue);
                }
            }
        }
        while (inside.get(watcher << STRIDE_SHIFT) != null) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return last;
    }

    /**
     * Who looks at the session from outside begins to: one at a time, who waits for nothing before {@link #unwatch}.
     *
     * @return the session, which stays open until then; null if there is none
     */
    @Nullable
    FuseSession watch() {
        return enter(watcher);
    }

    /** Who looked at the session is done. */
    void unwatch() {
        leave(watcher);
    }
}

package dev.oriel.device;

import dev.oriel.device.operation.Operations;
import dev.oriel.device.operation.ReceivedRequest;
import dev.oriel.device.operation.Reply;
import dev.oriel.linux.Failure;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A few threads for the requests that would wait on their queue's own. It holds a bounded number of requests; a thread
 * ends when it has had nothing to do for a while.
 */
final class RequestPool {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private static final long IDLE_SECONDS = 5;

    /** More requests than this do not wait for a thread of the pool: each then holds up its queue. */
    private static final int MOST_WAITING = 1024;

    private final int threads;
    private final ThreadPoolExecutor executor;
    private final ThreadLocal<Operations> operations;

    /** Answers for a thread that has no memory for operations of its own. Used under its lock. */
    private final Reply lastResort = new Reply();

    /**
     * @param threads how many, 0 to serve everything on the queues' threads
     * @param operations makes what each of them serves with
     * @param factory makes them
     */
    RequestPool(int threads, Supplier<Operations> operations, ThreadFactory factory) {
        this.threads = threads;
        this.operations = ThreadLocal.withInitial(operations);
        executor = new ThreadPoolExecutor(
                Math.max(threads, 1),
                Math.max(threads, 1),
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                factory);
        executor.allowCoreThreadTimeOut(true);
    }

    /** Whether there are no threads, or too many requests wait for them, so that the queues' own have to wait. */
    boolean isFull() {
        return threads == 0 || executor.getQueue().size() >= MOST_WAITING;
    }

    /** Requests that wait for a thread. */
    int waiting() {
        return executor.getQueue().size();
    }

    /** Threads that serve a request. */
    int busy() {
        return executor.getActiveCount();
    }

    /**
     * Serves a request that was offered, where it may block, unless the caller claims it back; it counts as deferred.
     *
     * @throws OutOfMemoryError if there is no thread for it; nobody else serves it then
     */
    void execute(ReceivedRequest request) {
        executor.execute(() -> serve(request));
    }

    private void serve(ReceivedRequest request) {
        Operations mine;
        try {
            mine = operations.get();
        } catch (RuntimeException | Error failure) {
            if (request.claim()) {
                refuse(request, failure);
            }
            return;
        }
        if (request.claim()) {
            request.origin.serveBlocking(request, mine);
        }
    }

    private void refuse(ReceivedRequest request, Throwable failure) {
        synchronized (lastResort) {
            try {
                int errno = Operations.failed(request, failure);
                lastResort.begin(request.chain(), request.order());
                request.complete(lastResort.end(request.chain(), request.unique(), errno));
            } catch (RuntimeException | Error again) {
                LOG.log(Level.ERROR, "a request is given back without an answer: {0}", Failure.reason(again));
            } finally {
                request.origin.settled(request);
            }
        }
    }
}

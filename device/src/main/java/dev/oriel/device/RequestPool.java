package dev.oriel.device;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A few threads for the requests that would wait on their queue's own. How many requests it holds is bounded by the rings; a
 * thread ends when it has had nothing to do for a while.
 */
final class RequestPool {
    private static final long IDLE_SECONDS = 5;

    private final int threads;
    private final ThreadPoolExecutor executor;
    private final ThreadLocal<Operations> operations;

    /** @param threads how many, 0 to serve everything on the queues' threads */
    RequestPool(int threads, SessionThread sessionThread, String name) {
        this.threads = threads;
        operations = ThreadLocal.withInitial(() -> new Operations(sessionThread));
        executor = new ThreadPoolExecutor(
                Math.max(threads, 1),
                Math.max(threads, 1),
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name(name, 0).factory());
        executor.allowCoreThreadTimeOut(true);
    }

    /** Whether there are no threads, so that the queues' own have to wait. */
    boolean isEmpty() {
        return threads == 0;
    }

    /** Serves {@code request} where it may block; it counts as deferred. */
    void execute(FuseRequest request) {
        executor.execute(() -> request.queue.serveBlocking(request, operations.get()));
    }
}

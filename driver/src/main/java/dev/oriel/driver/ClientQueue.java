package dev.oriel.driver;

import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.DriverRing;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One queue of the device, and the requests that may be in flight on it. Any number of threads:
 *
 * <pre>
 *   one at a time                             many at a time
 *   r = acquire()                             r = tryAcquire()  ...  enqueue(r)   again and again, then flush()
 *   r.read(...)                               poll() -> r, r.result()             or await(), then poll()
 *   call(r), r.reply(...)                     r.release()
 *   r.release()
 * </pre>
 *
 * <p>There is no thread behind it. Of the {@link WaitingThreads}, one leads: it looks at the ring for a short while
 * ({@link LookTime}), then sleeps until the device interrupts, and wakes the others as their replies come. When it has
 * its own reply it lets another one lead.
 *
 * <p>Results are 0 or more, or -errno. At a steady state nothing here allocates.
 */
public final class ClientQueue {
    private static final System.Logger LOG = System.getLogger("dev.oriel.driver");
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final DriverSession session;
    private final DriverQueue queue;
    private final DriverRing ring;
    private final ClientRequest[] requests;
    private final Wakeups wakeups;

    /** Guarded by this, as is the ring. */
    private final ClientRequest[] free;

    private int freeCount;
    private final CompletedRequests completed;
    private boolean unflushed;
    private boolean broken;
    private boolean closed;

    /** How many threads notify the device, or are about to. */
    private final AtomicInteger kicks = new AtomicInteger();

    private final WaitingThreads waiting;
    private final LookTime look = new LookTime();

    /**
     * @param control where the control memory of the requests begins in the driver's memory
     * @param count how many requests there are: so many that the ring always has room for them
     */
    ClientQueue(
            DriverSession session,
            DriverQueue queue,
            int connection,
            DriverMemory memory,
            long control,
            int count,
            ByteOrder order) {
        this.session = session;
        this.queue = queue;
        ring = queue.ring();
        ring.disableInterrupts();
        wakeups = new Wakeups(queue.call(), connection);
        requests = new ClientRequest[count];
        free = new ClientRequest[count];
        completed = new CompletedRequests(count);
        for (int i = 0; i < count; i++) {
            long at = control + (long) i * ClientRequest.CONTROL_SIZE;
            MemorySegment slice = memory.segment().asSlice(at, ClientRequest.CONTROL_SIZE);
            requests[i] = new ClientRequest(this, i, slice, memory.guestAddress(at), order);
            free[count - 1 - i] = requests[i];
        }
        freeCount = count;
        waiting = new WaitingThreads(requests);
    }

    /** Whose queue it is. */
    DriverSession session() {
        return session;
    }

    /** How many requests there are, free or not. */
    public int depth() {
        return requests.length;
    }

    /** How many requests the device has at this moment. */
    public synchronized int inFlight() {
        return ring.outstanding();
    }

    /** How many requests are neither in use nor in flight. */
    public synchronized int available() {
        return freeCount;
    }

    /** A free request; null if there is none now, or the client is closed. Its user releases it. */
    public synchronized @Nullable ClientRequest tryAcquire() {
        if (closed) {
            // the memory of the requests is gone
            return null;
        }
        if (freeCount == 0) {
            reap();
        }
        return freeCount == 0 ? null : free[--freeCount];
    }

    /**
     * A free request; waits until there is one, as long as a request may take.
     *
     * @throws FuseException EAGAIN if none became free, ENOTCONN if the client is closed
     */
    public ClientRequest acquire() throws FuseException {
        ClientRequest request = acquireOrNull();
        if (request == null) {
            throw new FuseException(
                    "find a free request among " + requests.length + " of " + session.name(),
                    isBroken() ? Errno.ENOTCONN : Errno.EAGAIN);
        }
        return request;
    }

    /** A free request; null if none became free in the time that a request may take. */
    @Nullable
    ClientRequest acquireOrNull() {
        ClientRequest request = tryAcquire();
        if (request != null) {
            return request;
        }
        long start = System.nanoTime();
        while (request == null && !isBroken() && System.nanoTime() - start < session.timeLimitNanos()) {
            // whoever holds the requests is busy with them: their threads reap, and there is no one to be woken by
            LockSupport.parkNanos(this, NANOS_PER_MILLI / 10);
            request = tryAcquire();
        }
        return request;
    }

    synchronized void release(ClientRequest request) {
        if (request.inFlight) {
            // the device still has its memory
            request.mode = ClientRequest.Mode.NOBODY;
        } else {
            free[freeCount++] = request;
        }
    }

    /**
     * Submits a request and waits for its reply.
     *
     * @return what {@link ClientRequest#result()} says; -ETIMEDOUT if no reply came in time; -ENOTCONN if the device is
     *     gone; the caller releases the request in any case
     */
    public int call(ClientRequest request) {
        return call(request, session.timeLimitNanos());
    }

    /** As {@link #call(ClientRequest)}, but waits so long; {@link Long#MAX_VALUE} for ever. */
    public int call(ClientRequest request, long timeLimitNanos) {
        int submitted = submit(request, ClientRequest.Mode.CALL, true);
        if (submitted < 0) {
            return submitted;
        }
        long now = System.nanoTime();
        long limit = Math.min(timeLimitNanos, Long.MAX_VALUE / 2);
        boolean interrupted = false;
        while (!request.done) {
            if (waiting.lead()) {
                try {
                    lead(request, now, limit);
                } finally {
                    waiting.letAnotherLead();
                }
            } else {
                waiting.follow(request, now, limit);
                interrupted |= Thread.interrupted();
            }
            if (System.nanoTime() - now >= limit) {
                break;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return request.done ? request.result() : -Errno.ETIMEDOUT;
    }

    /** Submits a request of whose reply nobody wants to know. It is released when the device gives it back. */
    int send(ClientRequest request) {
        return submit(request, ClientRequest.Mode.NOBODY, true);
    }

    /**
     * Submits a request; {@link #poll()} gives it back. The device may see it at {@link #flush()} only.
     *
     * @return 0, or -ENOTCONN if the device is gone
     */
    public int enqueue(ClientRequest request) {
        return submit(request, ClientRequest.Mode.POLL, false);
    }

    /** Lets the device see all that was enqueued. */
    public void flush() {
        boolean kick;
        synchronized (this) {
            if (!unflushed || broken) {
                return;
            }
            unflushed = false;
            kick = publish();
        }
        if (kick) {
            kick();
        }
    }

    private int submit(ClientRequest request, ClientRequest.Mode mode, boolean publish) {
        boolean kick;
        synchronized (this) {
            if (broken) {
                return -Errno.ENOTCONN;
            }
            request.mode = mode;
            request.inFlight = true;
            request.placeInto(ring);
            if (!ring.offer(request.token)) {
                throw new IllegalStateException("a ring of " + ring.size() + " has no room for " + request);
            }
            kick = publish && publish();
            unflushed |= !publish;
        }
        if (kick) {
            kick();
        }
        return 0;
    }

    /** Lets the device see what was offered; whether {@link #kick} must follow. Guarded by this. */
    private boolean publish() {
        boolean kick = ring.publish();
        if (kick) {
            kicks.incrementAndGet();
        }
        return kick;
    }

    private void kick() {
        try {
            // an error means that the client is being closed, which ends all requests
            int _ = queue.notifyDevice();
        } finally {
            kicks.decrementAndGet();
        }
    }

    /** Takes the next request that was enqueued and came back; null if there is none now. */
    public synchronized @Nullable ClientRequest poll() {
        if (completed.isEmpty()) {
            reap();
        }
        return completed.take();
    }

    /**
     * Waits until {@link #poll()} has something. For one thread of a queue at a time.
     *
     * @param timeLimitNanos how long at most
     * @return whether it has
     */
    public boolean await(long timeLimitNanos) {
        long start = System.nanoTime();
        waiting.poller(Thread.currentThread());
        boolean interrupted = false;
        try {
            while (!hasCompleted()) {
                if (isBroken() || System.nanoTime() - start >= timeLimitNanos) {
                    return false;
                }
                if (waiting.lead()) {
                    try {
                        lead(null, start, timeLimitNanos);
                    } finally {
                        waiting.letAnotherLead();
                    }
                } else {
                    LockSupport.parkNanos(this, timeLimitNanos - (System.nanoTime() - start));
                    interrupted |= Thread.interrupted();
                }
            }
            return true;
        } finally {
            waiting.poller(null);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized boolean hasCompleted() {
        reap();
        return !completed.isEmpty();
    }

    private synchronized boolean isBroken() {
        return broken;
    }

    private boolean isOver(@Nullable ClientRequest request) {
        return request == null ? hasCompleted() : request.done;
    }

    /** Looks at the ring, then sleeps, until the request is done (or anything, without one) or the time is over. */
    private void lead(@Nullable ClientRequest request, long start, long limit) {
        if (spin(request, start)) {
            return;
        }
        while (!isOver(request)) {
            long left = limit - (System.nanoTime() - start);
            if (left <= 0 || isBroken()) {
                return;
            }
            boolean used;
            synchronized (this) {
                used = ring.enableInterrupts();
            }
            boolean alive = used || wakeups.await((int) Math.min(Integer.MAX_VALUE, left / NANOS_PER_MILLI + 1));
            synchronized (this) {
                ring.disableInterrupts();
                reap();
                if (!alive) {
                    breakDown("the device ended the connection");
                }
            }
        }
        look.slept(System.nanoTime() - start);
    }

    /** Looks at the ring for as long as is worth it; whether the request is done. */
    @SuppressWarnings("ThreadPriorityCheck") // it is to be kind to the scheduler, not to rely on it
    private boolean spin(@Nullable ClientRequest request, long start) {
        if (!look.begins()) {
            return isOver(request);
        }
        while (true) {
            synchronized (this) {
                reap();
            }
            long nanos = System.nanoTime() - start;
            if (isOver(request)) {
                look.found(nanos);
                return true;
            }
            if (nanos > LookTime.MAX_NANOS) {
                return false;
            }
            // The device's thread may be waiting for this very processor.
            Thread.yield();
        }
    }

    /** Takes back all that the device gave back. Guarded by this. */
    private void reap() {
        if (broken) {
            return;
        }
        int token = ring.poll();
        while (token >= 0) {
            ClientRequest request = requests[token];
            String wrong = request.complete(ring.usedLength());
            if (wrong != null) {
                LOG.log(Level.WARNING, session.name() + " answered " + request + " with " + wrong);
            }
            finish(request);
            token = ring.poll();
        }
        if (token == DriverRing.BROKEN) {
            breakDown(String.valueOf(ring.fault()));
        }
    }

    private void finish(ClientRequest request) {
        request.inFlight = false;
        switch (request.mode) {
            case CALL -> {
                request.done = true;
                WaitingThreads.wake(request);
            }
            case POLL -> {
                completed.add(request);
                waiting.wakePoller();
            }
            case NOBODY -> free[freeCount++] = request;
        }
    }

    /**
     * Ends the queue: what is in flight fails with ENOTCONN, and so does all that comes. The device can still write to
     * the memory of what was in flight; it is not used again. Guarded by this.
     */
    private void breakDown(String why) {
        if (broken) {
            return;
        }
        broken = true;
        if (!session.isClosing()) {
            LOG.log(Level.WARNING, session.name() + " cannot be used any more: " + why);
        }
        for (ClientRequest request : requests) {
            if (request.inFlight) {
                request.fail(-Errno.ENOTCONN);
                finish(request);
            }
        }
    }

    /** Ends the queue and waits until no thread sleeps in it or notifies the device. */
    void stop() {
        synchronized (this) {
            breakDown("the client was closed");
        }
        while (!waiting.lead()) {
            int _ = queue.call().signal();
            LockSupport.parkNanos(this, NANOS_PER_MILLI / 10);
        }
        while (kicks.get() > 0) {
            // the device has the doorbell too, and may have filled it and made it one that waits
            long _ = EventDescriptor.take(queue.kick().number());
            LockSupport.parkNanos(this, NANOS_PER_MILLI / 10);
        }
    }

    /** Closes its descriptors. It is stopped, and the device does not use it any more. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        queue.close();
    }
}

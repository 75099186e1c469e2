package dev.oriel.driver;

import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.DriverRing;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
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
 * <p>There is no thread behind it. Of the threads that wait, one leads: it looks at the ring for a short while, then sleeps until the
 * device interrupts, and wakes the others as their replies come. When it has its own reply it lets another one lead. How long
 * it looks before it sleeps follows from how long replies took of late.
 *
 * <p>Results are 0 or more, or -errno. At a steady state nothing here allocates.
 */
public final class RequestQueue {
    private static final System.Logger LOG = System.getLogger("dev.oriel.driver");

    /** Longest look at the ring before sleeping, about the cost of a wake-up. */
    private static final long SPIN_MAX_NANOS = 50_000;

    /** A queue whose replies are slow looks for long only once in so many waits. */
    private static final int PROBE_INTERVAL = 64;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final DriverSession session;
    private final DriverQueue queue;
    private final DriverRing ring;
    private final FuseRequest[] requests;
    private final Wakeups wakeups;

    /** Guarded by this, as is the ring. */
    private final FuseRequest[] free;

    private int freeCount;
    private final FuseRequest[] completed;
    private int completedFirst;
    private int completedCount;
    private boolean unflushed;
    private boolean broken;
    private boolean closed;

    /** How many threads notify the device, or are about to. */
    private final AtomicInteger kicks = new AtomicInteger();

    private final AtomicBoolean led = new AtomicBoolean();
    private final AtomicInteger followers = new AtomicInteger();
    private volatile @Nullable Thread poller;
    private long usualNanos;
    private int waits;

    /**
     * @param control where the control memory of the requests begins in the driver's memory
     * @param count how many requests there are: so many that the ring always has room for them
     */
    RequestQueue(
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
        requests = new FuseRequest[count];
        free = new FuseRequest[count];
        completed = new FuseRequest[count];
        for (int i = 0; i < count; i++) {
            long at = control + (long) i * FuseRequest.CONTROL_SIZE;
            MemorySegment slice = memory.segment().asSlice(at, FuseRequest.CONTROL_SIZE);
            requests[i] = new FuseRequest(this, i, slice, memory.guestAddress(at), order);
            free[count - 1 - i] = requests[i];
        }
        freeCount = count;
    }

    int uid() {
        return session.uid();
    }

    int gid() {
        return session.gid();
    }

    int pid() {
        return session.pid();
    }

    long nextUnique() {
        return session.nextUnique();
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
    public synchronized @Nullable FuseRequest tryAcquire() {
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
    public FuseRequest acquire() throws FuseException {
        FuseRequest request = acquireOrNull();
        if (request == null) {
            throw new FuseException(
                    "find a free request among " + requests.length + " of " + session.name(),
                    isBroken() ? Errno.ENOTCONN : Errno.EAGAIN);
        }
        return request;
    }

    /** A free request; null if none became free in the time that a request may take. */
    @Nullable
    FuseRequest acquireOrNull() {
        FuseRequest request = tryAcquire();
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

    synchronized void release(FuseRequest request) {
        if (request.inFlight) {
            // the device still has its memory
            request.mode = FuseRequest.Mode.NOBODY;
        } else {
            free[freeCount++] = request;
        }
    }

    /**
     * Submits a request and waits for its reply.
     *
     * @return what {@link FuseRequest#result()} says; -ETIMEDOUT if no reply came in time; -ENOTCONN if the device is gone. In every
     *     case the caller releases the request.
     */
    public int call(FuseRequest request) {
        return call(request, session.timeLimitNanos());
    }

    /** As {@link #call(FuseRequest)}, but waits so long; {@link Long#MAX_VALUE} for ever. */
    public int call(FuseRequest request, long timeLimitNanos) {
        int submitted = submit(request, FuseRequest.Mode.CALL, true);
        if (submitted < 0) {
            return submitted;
        }
        long now = System.nanoTime();
        long limit = Math.min(timeLimitNanos, Long.MAX_VALUE / 2);
        boolean interrupted = false;
        while (!request.done) {
            if (led.compareAndSet(false, true)) {
                try {
                    lead(request, now, limit);
                } finally {
                    led.set(false);
                    wakeNext();
                }
            } else {
                follow(request, now, limit);
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
    int send(FuseRequest request) {
        return submit(request, FuseRequest.Mode.NOBODY, true);
    }

    /**
     * Submits a request; {@link #poll()} gives it back. The device may see it at {@link #flush()} only.
     *
     * @return 0, or -ENOTCONN if the device is gone
     */
    public int enqueue(FuseRequest request) {
        return submit(request, FuseRequest.Mode.POLL, false);
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

    private int submit(FuseRequest request, FuseRequest.Mode mode, boolean publish) {
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
    public synchronized @Nullable FuseRequest poll() {
        if (completedCount == 0) {
            reap();
            if (completedCount == 0) {
                return null;
            }
        }
        FuseRequest request = completed[completedFirst];
        completedFirst = completedFirst + 1 == completed.length ? 0 : completedFirst + 1;
        completedCount--;
        return request;
    }

    /**
     * Waits until {@link #poll()} has something. For one thread of a queue at a time.
     *
     * @param timeLimitNanos how long at most
     * @return whether it has
     */
    public boolean await(long timeLimitNanos) {
        long start = System.nanoTime();
        poller = Thread.currentThread();
        boolean interrupted = false;
        try {
            while (!hasCompleted()) {
                if (isBroken() || System.nanoTime() - start >= timeLimitNanos) {
                    return false;
                }
                if (led.compareAndSet(false, true)) {
                    try {
                        lead(null, start, timeLimitNanos);
                    } finally {
                        led.set(false);
                        wakeNext();
                    }
                } else {
                    LockSupport.parkNanos(this, timeLimitNanos - (System.nanoTime() - start));
                    interrupted |= Thread.interrupted();
                }
            }
            return true;
        } finally {
            poller = null;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized boolean hasCompleted() {
        reap();
        return completedCount > 0;
    }

    private synchronized boolean isBroken() {
        return broken;
    }

    private boolean isOver(@Nullable FuseRequest request) {
        return request == null ? hasCompleted() : request.done;
    }

    /** Looks at the ring, then sleeps, until the request is done (or, without one, something can be polled) or the time is over. */
    private void lead(@Nullable FuseRequest request, long start, long limit) {
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
        learn(System.nanoTime() - start);
    }

    /** Looks at the ring for as long as is worth it; whether the request is done. */
    @SuppressWarnings("ThreadPriorityCheck") // it is to be kind to the scheduler, not to rely on it
    private boolean spin(@Nullable FuseRequest request, long start) {
        boolean worthIt = usualNanos <= SPIN_MAX_NANOS;
        if (!worthIt && ++waits % PROBE_INTERVAL != 0) {
            return isOver(request);
        }
        while (true) {
            synchronized (this) {
                reap();
            }
            long nanos = System.nanoTime() - start;
            if (isOver(request)) {
                usualNanos = worthIt ? (usualNanos * 7 + nanos) / 8 : nanos;
                return true;
            }
            if (nanos > SPIN_MAX_NANOS) {
                return false;
            }
            // The device's thread may be waiting for this very processor.
            Thread.yield();
        }
    }

    /** A wait that ended in sleep weighs more than one that did not: better to sleep in vain than to burn a processor in vain. */
    private void learn(long nanos) {
        usualNanos = (usualNanos + nanos) / 2;
    }

    private void follow(FuseRequest request, long start, long limit) {
        request.waiter = Thread.currentThread();
        followers.incrementAndGet();
        // the leader stops leading before it looks for followers, so one of us sees the other
        if (!request.done && led.get()) {
            LockSupport.parkNanos(this, Math.max(1, limit - (System.nanoTime() - start)));
        }
        followers.decrementAndGet();
        request.waiter = null;
    }

    private void wakeNext() {
        if (followers.get() > 0) {
            for (FuseRequest request : requests) {
                Thread thread = request.waiter;
                if (thread != null && !request.done) {
                    LockSupport.unpark(thread);
                    return;
                }
            }
        }
        LockSupport.unpark(poller);
    }

    /** Takes back all that the device gave back. Guarded by this. */
    private void reap() {
        if (broken) {
            return;
        }
        int token = ring.poll();
        while (token >= 0) {
            FuseRequest request = requests[token];
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

    private void finish(FuseRequest request) {
        request.inFlight = false;
        switch (request.mode) {
            case CALL -> {
                request.done = true;
                Thread thread = request.waiter;
                if (thread != null) {
                    LockSupport.unpark(thread);
                }
            }
            case POLL -> {
                int last = completedFirst + completedCount;
                completed[last >= completed.length ? last - completed.length : last] = request;
                completedCount++;
                LockSupport.unpark(poller);
            }
            case NOBODY -> free[freeCount++] = request;
        }
    }

    /**
     * Ends the queue: what is in flight fails with ENOTCONN, and so does all that comes. The device can still write to the
     * memory of what was in flight; it is not used again. Guarded by this.
     */
    private void breakDown(String why) {
        if (broken) {
            return;
        }
        broken = true;
        if (!session.isClosing()) {
            LOG.log(Level.WARNING, session.name() + " cannot be used any more: " + why);
        }
        for (FuseRequest request : requests) {
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
        while (!led.compareAndSet(false, true)) {
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

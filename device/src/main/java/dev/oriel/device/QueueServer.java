package dev.oriel.device;

import dev.oriel.device.operation.FuseSession;
import dev.oriel.device.operation.LongHeads;
import dev.oriel.device.operation.Operations;
import dev.oriel.device.operation.ReceivedRequest;
import dev.oriel.device.operation.RequestOrigin;
import dev.oriel.device.statistics.RequestCounters;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.Failure;
import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.queue.QueueActivity;
import dev.oriel.virtio.ring.DescriptorChain;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Takes the chains of one virtqueue and serves them on the queue's thread. What would wait there is handed on: to the
 * pool, or to the session thread. Whatever is thrown, each request is answered once: by this thread, or by the one that
 * has claimed it.
 */
final class QueueServer implements ChainHandler, RequestOrigin {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private static final ByteOrder OTHER_ORDER =
            ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;

    /** FUSE_INIT as a client of the other byte order writes it; no opcode has this value. */
    private static final int OTHER_INIT = Integer.reverseBytes(FuseOpcode.INIT);

    private final int index;
    private final boolean highPriority;
    private final SessionGate gate;
    private final SessionThread sessionThread;
    private final RequestPool pool;
    private final LongHeads longHeads;
    private final RequestCounters counters;
    private final Operations operations;
    private volatile @Nullable QueueActivity activity;

    /** The request that the next chain gets. Of the queue's thread only. */
    private ReceivedRequest next;

    private final ArrayDeque<ReceivedRequest> idle = new ArrayDeque<>();
    private volatile boolean draining;

    /**
     * @param highPriority whether this is queue 0, that of FORGET and INTERRUPT (virtio 1.4, section 5.11.6.2)
     * @param counters counts what the queue's thread answers
     */
    QueueServer(
            int index,
            boolean highPriority,
            SessionGate gate,
            SessionThread sessionThread,
            RequestPool pool,
            LongHeads longHeads,
            RequestCounters counters) {
        this.index = index;
        this.highPriority = highPriority;
        this.gate = gate;
        this.sessionThread = sessionThread;
        this.pool = pool;
        this.longHeads = longHeads;
        this.counters = counters;
        operations = new Operations(sessionThread, counters);
        next = new ReceivedRequest(this, longHeads);
    }

    int index() {
        return index;
    }

    /** What the queue does; null before it was first started. Any thread. */
    @Nullable
    QueueActivity activity() {
        return activity;
    }

    @Override
    public void serves(QueueActivity queue) {
        activity = queue;
    }

    /** The queue is about to run. */
    void starting() {
        draining = false;
    }

    /**
     * Unless it is hiprio, which carries FORGET, and INTERRUPT of which Linux sends none over virtio (virtio 1.4,
     * section 5.11.2).
     */
    @Override
    public boolean isAwaited() {
        return !highPriority;
    }

    /** The queue has taken its last chain: none of its requests may wait for a lock any more. */
    @Override
    public void drain() {
        draining = true;
        sessionThread.drain();
    }

    @Override
    public boolean draining() {
        return draining;
    }

    @Override
    public void handle(DescriptorChain chain) {
        ReceivedRequest request = next;
        boolean taken = false;
        try {
            request.take(chain, counters.begin());
            taken = true;
            serve(request);
        } catch (RuntimeException | Error failure) {
            boolean unknown = !taken && !request.isOpen();
            fail(request, failure);
            if (unknown) {
                // what was thrown is of an access before, and came when the request did not have the chain yet
                chain.complete(0);
            }
        }
        if (request == next) {
            request.release();
        }
    }

    /** Something was thrown for a request: if nobody else has it, it is answered. */
    private void fail(ReceivedRequest request, Throwable failure) {
        int error = Operations.failed(request, failure);
        if (request == next && request.isOpen()) {
            operations.begin(request);
            operations.end(request, error);
        }
    }

    /** Answers the request, or hands it on: then {@link #next} is another. */
    private void serve(ReceivedRequest request) {
        int raw = request.rawOpcode();
        if (raw == FuseOpcode.INIT || raw == OTHER_INIT) {
            beginSession(request, raw == FuseOpcode.INIT ? ByteOrder.nativeOrder() : OTHER_ORDER);
            return;
        }
        FuseSession session = gate.enter(index);
        try {
            if (session == null) {
                refuse(request, raw);
                return;
            }
            int error = request.decode(session.order(), session);
            if (error == 0 && request.opcode() == FuseOpcode.DESTROY && !highPriority) {
                // Leaves first: the session ends when nobody is in it.
                gate.leave(index);
                changeSession(request);
                return;
            }
            operations.begin(request);
            long result = error != 0 ? error : operations.check(request, highPriority);
            if (result == 0) {
                boolean mayBlock = pool.isFull();
                request.rewind(mayBlock);
                if (mayBlock || Operations.maySleep(request.opcode())) {
                    request.chain().giveBackOthers();
                }
                result = operations.serve(request);
            }
            if (result == Operations.WOULD_BLOCK) {
                defer(request);
            } else if (result == Operations.WAIT_FOR_LOCK) {
                waitForLock(request);
            } else {
                operations.end(request, result);
            }
        } finally {
            gate.leave(index);
        }
    }

    private void beginSession(ReceivedRequest request, ByteOrder order) {
        int error = request.decode(order, null);
        long result = error != 0 ? error : operations.check(request, highPriority);
        if (result == 0) {
            changeSession(request);
            return;
        }
        operations.begin(request);
        operations.end(request, result);
    }

    /** Hands an INIT or a DESTROY on. */
    private void changeSession(ReceivedRequest request) {
        ReceivedRequest other = idleRequest();
        if (!sessionThread.admitsChange()) {
            answered(other);
            operations.begin(request);
            operations.end(request, -Errno.EAGAIN);
            return;
        }
        request.chain().hold();
        next = other;
        sessionThread.change(request);
    }

    /** Hands a request on to the pool; serves it here if the pool has no thread for it. */
    private void defer(ReceivedRequest request) {
        ReceivedRequest other = idleRequest();
        counters.deferred(request.opcode());
        gate.defer(index);
        request.chain().hold();
        request.offer();
        next = other;
        try {
            pool.execute(request);
        } catch (RuntimeException | Error refused) {
            if (request.claim()) {
                LOG.log(
                        Level.WARNING,
                        "a request that may wait for a disk holds up its queue: {0}",
                        Failure.reason(refused));
                serveBlocking(request, operations);
            }
        }
    }

    /** Hands a SETLKW on to the session thread. */
    private void waitForLock(ReceivedRequest request) {
        ReceivedRequest other;
        try {
            other = idleRequest();
        } catch (Error spent) {
            // Nobody waits then, so nobody is to be told of a circle of waits.
            request.session().fileSystem().endLockWait(request.unique());
            throw spent;
        }
        counters.deferred(request.opcode());
        gate.defer(index);
        request.chain().hold();
        next = other;
        if (!sessionThread.waitForLock(request)) {
            operations.end(request, -Errno.ENOLCK);
            settled(request);
        }
    }

    /** There is no session: nothing can be done, and the byte order is known by the opcode only, if at all. */
    private void refuse(ReceivedRequest request, int raw) {
        boolean usual = Integer.compareUnsigned(raw, Integer.reverseBytes(raw)) <= 0;
        int error = request.decode(usual ? ByteOrder.nativeOrder() : OTHER_ORDER, null);
        if (highPriority) {
            request.complete(0);
            return;
        }
        operations.begin(request);
        operations.end(request, error != 0 ? error : -Errno.ENOTCONN);
    }

    /** Serves a deferred request, which the caller has claimed. Throws nothing but what comes from accesses before. */
    @Override
    public void serveBlocking(ReceivedRequest request, Operations operations) {
        boolean waits = false;
        try {
            operations.begin(request);
            request.rewind(true);
            long result = operations.serve(request);
            if (result == Operations.WAIT_FOR_LOCK) {
                waits = sessionThread.waitForLock(request);
                result = -Errno.ENOLCK;
            }
            if (!waits) {
                operations.end(request, result);
            }
        } finally {
            if (!waits) {
                settled(request);
            }
        }
    }

    /** A deferred request has been answered, or never will be: the session could not end if it were not counted out. */
    @Override
    public void settled(ReceivedRequest request) {
        try {
            gate.settle(index);
        } finally {
            answered(request);
        }
    }

    /** Takes back a request that another thread has answered. */
    @Override
    public void answered(ReceivedRequest request) {
        request.release();
        synchronized (idle) {
            idle.push(request);
        }
    }

    private ReceivedRequest idleRequest() {
        synchronized (idle) {
            ReceivedRequest request = idle.poll();
            if (request != null) {
                return request;
            }
        }
        return new ReceivedRequest(this, longHeads);
    }
}

package dev.oriel.device;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.ChainHandler;
import dev.oriel.virtio.DescriptorChain;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/**
 * Takes the chains of one virtqueue and serves them on the queue's thread. What would wait there is handed on: to the pool, or
 * to the session thread.
 */
final class RequestQueue implements ChainHandler {
    private static final ByteOrder OTHER_ORDER =
            ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;

    /** FUSE_INIT as a client of the other byte order writes it; no opcode has this value. */
    private static final int OTHER_INIT = Integer.reverseBytes(FuseOpcode.INIT);

    private final int index;
    private final boolean highPriority;
    private final SessionGate gate;
    private final SessionThread sessionThread;
    private final RequestPool pool;
    private final Operations operations;
    private final long[] counts = new long[FuseOpcode.COUNT];

    /** The request that the next chain gets. Of the queue's thread only. */
    private FuseRequest next = new FuseRequest(this);

    private final ArrayDeque<FuseRequest> idle = new ArrayDeque<>();
    private volatile boolean draining;

    /** @param highPriority whether this is queue 0, that of FORGET and INTERRUPT (virtio 1.4, section 5.11.6.2) */
    RequestQueue(int index, boolean highPriority, SessionGate gate, SessionThread sessionThread, RequestPool pool) {
        this.index = index;
        this.highPriority = highPriority;
        this.gate = gate;
        this.sessionThread = sessionThread;
        this.pool = pool;
        operations = new Operations(sessionThread);
    }

    int index() {
        return index;
    }

    /** The queue is about to run. */
    void starting() {
        draining = false;
    }

    /** The queue has taken its last chain: none of its requests may wait for a lock any more. */
    void drain() {
        draining = true;
        sessionThread.drain(this);
    }

    boolean draining() {
        return draining;
    }

    /** How many requests of this kind came in. Read without care for other threads: it may lag. */
    long count(int opcode) {
        return counts[opcode];
    }

    @Override
    public void handle(DescriptorChain chain) {
        FuseRequest request = next;
        request.take(chain);
        if (serve(request)) {
            request.release();
        } else {
            next = idleRequest();
        }
    }

    /** @return whether the request was answered; if not, it is another thread's now */
    private boolean serve(FuseRequest request) {
        int raw = request.rawOpcode();
        if (raw == FuseOpcode.INIT || raw == OTHER_INIT) {
            return beginSession(request, raw == FuseOpcode.INIT ? ByteOrder.nativeOrder() : OTHER_ORDER);
        }
        FuseSession session = gate.enter(index);
        try {
            if (session == null) {
                refuse(request, raw);
                return true;
            }
            int error = request.decode(session.order(), session);
            int opcode = request.opcode();
            count(request);
            if (error == 0 && opcode == FuseOpcode.DESTROY && !highPriority) {
                // Leaves first: the session ends when nobody is in it.
                gate.leave(index);
                sessionThread.destroy(request);
                return false;
            }
            operations.begin(request);
            request.rewind(pool.isEmpty());
            long result = error != 0 ? error : operations.check(request, highPriority);
            if (result == 0) {
                result = operations.serve(request);
            }
            if (result == Operations.WOULD_BLOCK) {
                gate.defer(index);
                pool.execute(request);
                return false;
            }
            if (result == Operations.WAIT_FOR_LOCK) {
                gate.defer(index);
                sessionThread.waitForLock(request);
                return false;
            }
            operations.end(request, result);
            return true;
        } finally {
            gate.leave(index);
        }
    }

    private boolean beginSession(FuseRequest request, ByteOrder order) {
        int error = request.decode(order, null);
        count(request);
        long result = error != 0 ? error : operations.check(request, highPriority);
        if (result == 0) {
            sessionThread.begin(request);
            return false;
        }
        operations.begin(request);
        operations.end(request, result);
        return true;
    }

    /** There is no session: nothing can be done, and the byte order is known by the opcode only, if at all. */
    private void refuse(FuseRequest request, int raw) {
        boolean usual = Integer.compareUnsigned(raw, Integer.reverseBytes(raw)) <= 0;
        int error = request.decode(usual ? ByteOrder.nativeOrder() : OTHER_ORDER, null);
        if (highPriority) {
            request.complete(0);
            return;
        }
        operations.begin(request);
        operations.end(request, error != 0 ? error : -Errno.ENOTCONN);
    }

    /** Serves a deferred request, on a thread of the pool. */
    void serveBlocking(FuseRequest request, Operations operations) {
        boolean handedOn = false;
        try {
            operations.begin(request);
            request.rewind(true);
            long result = operations.serve(request);
            if (result == Operations.WAIT_FOR_LOCK) {
                handedOn = true;
                sessionThread.waitForLock(request);
            } else {
                operations.end(request, result);
            }
        } finally {
            // Whatever happens, or else the session could never end.
            if (!handedOn) {
                gate.settle(index);
                answered(request);
            }
        }
    }

    /** Takes back a request that another thread has answered. */
    void answered(FuseRequest request) {
        request.release();
        synchronized (idle) {
            idle.push(request);
        }
    }

    private FuseRequest idleRequest() {
        synchronized (idle) {
            FuseRequest request = idle.poll();
            return request != null ? request : new FuseRequest(this);
        }
    }

    private void count(FuseRequest request) {
        int opcode = request.opcode();
        if (opcode >= 0 && opcode < FuseOpcode.COUNT) {
            counts[opcode]++;
        }
    }
}

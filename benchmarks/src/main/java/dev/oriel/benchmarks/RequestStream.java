package dev.oriel.benchmarks;

import dev.oriel.driver.ClientQueue;
import dev.oriel.driver.ClientRequest;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.util.List;

/** Keeps requests in flight on one queue, one for each slot: whatever comes back is sent out again. For one thread. */
final class RequestStream {
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    private final ClientQueue queue;
    private final List<RequestSlot> slots;
    private final RequestSource source;

    RequestStream(ClientQueue queue, List<RequestSlot> slots, RequestSource source) {
        this.queue = queue;
        this.slots = slots;
        this.source = source;
    }

    /**
     * Sends operations until {@code end}, or until there were {@code most}, and waits for those in flight.
     *
     * @param end in terms of {@link System#nanoTime()}
     * @return how many operations came to their end
     * @throws FuseException if one fails, or the server does not answer
     */
    long run(long end, long most) throws FuseException {
        int inFlight = 0;
        long begun = 0;
        for (RequestSlot slot : slots) {
            if (begun == most) {
                break;
            }
            begun++;
            slot.step = 0;
            ClientRequest request = queue.acquire().attach(slot);
            source.request(slot, request, 0);
            send(request);
            inFlight++;
        }
        queue.flush();
        long done = 0;
        while (inFlight > 0) {
            if (!queue.await(PATIENCE_NANOS)) {
                throw new FuseException("wait for " + inFlight + " replies", Errno.ETIMEDOUT);
            }
            boolean over = System.nanoTime() - end >= 0;
            ClientRequest request = queue.poll();
            while (request != null) {
                if (!goOn(request)) {
                    done++;
                    if (over || begun == most) {
                        request.release();
                        inFlight--;
                    } else {
                        begun++;
                        begin(request);
                    }
                }
                request = queue.poll();
            }
            queue.flush();
        }
        return done;
    }

    /** Sends the next step of an operation, if it has one. */
    private boolean goOn(ClientRequest request) throws FuseException {
        if (request.result() < 0) {
            throw new FuseException(request.toString(), -request.result());
        }
        RequestSlot slot = (RequestSlot) request.attachment();
        if (slot == null) {
            return false;
        }
        if (++slot.step == source.steps()) {
            source.end(slot);
            return false;
        }
        source.request(slot, request, slot.step);
        send(request);
        return true;
    }

    private void begin(ClientRequest request) throws FuseException {
        RequestSlot slot = (RequestSlot) request.attachment();
        if (slot != null) {
            slot.step = 0;
            source.request(slot, request, 0);
            send(request);
        }
    }

    private void send(ClientRequest request) throws FuseException {
        int result = queue.enqueue(request);
        if (result < 0) {
            throw new FuseException("send " + request, -result);
        }
    }
}

package dev.oriel.device.operation;

import dev.oriel.device.event.RequestEvent;
import dev.oriel.device.statistics.RequestCounters;
import org.jspecify.annotations.Nullable;

/** What is to be counted of one request when it is answered. Used again for the next; owned as the request is. */
final class RequestRecord {
    private @Nullable RequestEvent event;
    private long begun;
    private long moved;

    /** @param begun what {@link RequestCounters#begin} answered */
    void begin(long begun) {
        this.begun = begun;
        event = RequestEvent.start();
        moved = 0;
    }

    /** So many bytes of file data were read or written; an errno: none. */
    void moved(long bytes) {
        moved = Math.max(bytes, 0);
    }

    void answered(RequestCounters counters, int opcode, long nodeid, long result) {
        counters.answered(opcode, nodeid, result, moved, begun);
        if (event != null) {
            event.answered(opcode, nodeid, result, moved);
        }
    }
}

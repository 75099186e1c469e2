package dev.oriel.device.operation;

/** Where a request came in, and where it goes back to when it has been answered. Any thread. */
public interface RequestOrigin {
    /** Whether none of its requests may wait for a lock any more, as it is about to stop. */
    boolean draining();

    /** Serves a deferred request where it may block; the caller has claimed it. */
    void serveBlocking(ReceivedRequest request, Operations operations);

    /** A deferred request has been answered, or never will be. */
    void settled(ReceivedRequest request);

    /** Takes back a request that another thread has answered. */
    void answered(ReceivedRequest request);
}

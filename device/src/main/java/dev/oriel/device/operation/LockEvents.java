package dev.oriel.device.operation;

/** What operations tell those who wait for locks. Any thread. */
public interface LockEvents {
    /** A lock was dropped, or may have been. */
    void lockDropped();

    /** The client wants the request with this {@code unique} to wait no longer. */
    void interrupt(long unique);
}

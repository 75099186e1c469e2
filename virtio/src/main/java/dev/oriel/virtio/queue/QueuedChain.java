package dev.oriel.virtio.queue;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.ring.DescriptorChain;

/** A chain of a {@link Virtqueue}: free, in flight, or completed and not yet given back. */
final class QueuedChain extends DescriptorChain {
    /** A chain of so many bytes is bulk. */
    private static final long BULK = 64 * 1024;

    private final Virtqueue queue;

    // What follows is guarded by the lock of the queue.

    /** What {@link #complete} was called with. */
    int written;
    /** Taken from the ring and not completed. */
    boolean inFlight;
    /** How often it was taken: tells one use of the chain from the next. */
    int turn;
    /** Whether it outlives the call of its handler, see {@link #hold}. */
    boolean held;

    QueuedChain(Virtqueue queue) {
        this.queue = queue;
    }

    /** How many pieces it has room for, beyond the usual number. */
    int capacity() {
        return spareCapacity();
    }

    /** Gives up room for more than the usual number of pieces. Not in flight. */
    void shrink() {
        dropSpareCapacity();
    }

    /** Whether it keeps a region mapped. */
    boolean uses(GuestRegion region) {
        return inFlight && liesIn(region);
    }

    /** Whether serving it takes longer than telling the driver of the chains before it. */
    boolean isBulk() {
        return readable().length() + writable().length() >= BULK;
    }

    /** Whether its addresses were checked against a snapshot that is not the given one. */
    boolean isOlderThan(GuestMemory snapshot) {
        return memory() != snapshot;
    }

    /** See {@link Polling}. */
    @Override
    public boolean isUrgent() {
        return queue.polled();
    }

    @Override
    public void hold() {
        held = true;
    }

    @Override
    public void giveBackOthers() {
        queue.giveBack();
    }

    @Override
    public void complete(int bytes) {
        queue.complete(this, bytes);
    }
}

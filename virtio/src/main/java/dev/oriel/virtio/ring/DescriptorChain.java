package dev.oriel.virtio.ring;

import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestRegion;
import org.jspecify.annotations.Nullable;

/**
 * One buffer of a virtqueue: what the driver lets the device read, and behind it what it lets the device write, each a
 * stream of bytes with no framing (virtio 1.4, section 2.6.4). All addresses have been checked against the guest's
 * memory. The chain keeps that memory mapped until it is completed.
 *
 * <p>Chains are owned by their queue and used again. What is in this class a ring fills; what a queue does with a chain
 * it adds.
 */
public abstract class DescriptorChain {
    private final ChainBytes readable = new ChainBytes();
    private final ChainBytes writable = new ChainBytes();

    // What follows is guarded by the lock of the queue.

    /** What the driver knows the chain by: the head's index (split) or the buffer id (packed). */
    int id;
    /** How many descriptors of the ring it takes up: what a packed ring skips when the chain is used. */
    int slots;

    private GuestMemory memory = GuestMemory.EMPTY;
    private boolean writing;
    private long total;

    /** Only queues make chains. */
    protected DescriptorChain() {}

    void begin(GuestMemory snapshot) {
        memory = snapshot;
        readable.clear();
        writable.clear();
        writing = false;
        total = 0;
    }

    /**
     * Appends the buffer of one descriptor.
     *
     * @param length as the driver gave it: 32 bits, unsigned
     * @return null, or what is wrong with the ring
     */
    @Nullable
    String append(long guestAddress, int length, boolean write) {
        long bytes = Integer.toUnsignedLong(length);
        total += bytes;
        if (total > 0xffff_ffffL) {
            return "a chain of 4 GiB or more (virtio 1.4, 2.7.5)";
        }
        if (write) {
            writing = true;
            writable.append(memory, guestAddress, bytes);
        } else if (writing) {
            return "a readable buffer behind a writable one (virtio 1.4, 2.6.4.2)";
        } else {
            readable.append(memory, guestAddress, bytes);
        }
        return null;
    }

    /** Nothing of what the descriptors say can be found in memory: they are not there themselves. */
    void lose(long guestAddress) {
        readable.append(GuestMemory.EMPTY, guestAddress, 1);
        writable.append(GuestMemory.EMPTY, guestAddress, 1);
    }

    /** The memory that its addresses were checked against. */
    protected final GuestMemory memory() {
        return memory;
    }

    /** How many pieces both sides have room for, beyond the usual number. */
    protected final int spareCapacity() {
        return readable.capacity() + writable.capacity();
    }

    /** Gives up room for more than the usual number of pieces. Not in flight. */
    protected final void dropSpareCapacity() {
        readable.shrink();
        writable.shrink();
    }

    /** Whether a buffer of it lies in a region. */
    protected final boolean liesIn(GuestRegion region) {
        return readable.uses(region) || writable.uses(region);
    }

    /** What the device may read. */
    public final ChainBytes readable() {
        return readable;
    }

    /** What the device may write. */
    public final ChainBytes writable() {
        return writable;
    }

    /**
     * Whether buffers of this chain lie outside the guest's memory. A stream with such a buffer ends before it, and the
     * device does nothing but answer with an error, if what is left of {@link #writable()} has room for one.
     */
    public final boolean faulty() {
        return readable.cut() || writable.cut();
    }

    /** The guest address of a buffer that lies outside the guest's memory; of a {@link #faulty} chain only. */
    public final long faultAddress() {
        return readable.cut() ? readable.cutAddress() : writable.cutAddress();
    }

    /** Whether processors may be spent to complete it sooner: its queue is polled. */
    public abstract boolean isUrgent();

    /**
     * The handler keeps the chain when it returns, or throws: it is completed later. Called before anybody else is
     * given it, on the thread that took it.
     */
    public abstract void hold();

    /**
     * Gives chains back that the thread which took this one has completed and not yet given back, see
     * {@code ChainHandler}. On that thread, before something that may take long.
     */
    public abstract void giveBackOthers();

    /**
     * Gives the chain back to the driver, and tells it if it asked to be told. Any thread.
     *
     * @param written the number of bytes written, from the start of {@link #writable()} on without a gap
     * @throws IllegalStateException if the chain was completed already
     */
    public abstract void complete(int written);
}

package dev.oriel.virtio;

/**
 * One buffer of a virtqueue: what the driver lets the device read, and behind it what it lets the device write, each a
 * stream of bytes with no framing (virtio 1.4, section 2.6.4). All addresses have been checked against the guest's
 * memory. The chain keeps that memory mapped until it is completed.
 *
 * <p>Chains are owned by their queue and used again.
 */
public abstract class DescriptorChain {

    /** Only rings make chains. */
    DescriptorChain() {}

    /** What the device may read. */
    public abstract ChainBytes readable();

    /** What the device may write. */
    public abstract ChainBytes writable();

    /**
     * Whether buffers of this chain lie outside the guest's memory. The streams then end before the first such buffer, and the
     * device does nothing but answer with an error, if what is left of {@link #writable()} has room for one.
     */
    public abstract boolean faulty();

    /**
     * Gives the chain back to the driver, and tells it if it asked to be told. Any thread.
     *
     * @param written the number of bytes written, from the start of {@link #writable()} on without a gap
     */
    public abstract void complete(int written);
}

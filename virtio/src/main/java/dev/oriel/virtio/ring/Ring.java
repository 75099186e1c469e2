package dev.oriel.virtio.ring;

import dev.oriel.virtio.memory.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * The device's end of a ring, split or packed: takes chains that the driver made available and gives them back as used.
 *
 * <p>Everything in a ring can change at any time and can be a lie. Each field is read once. What cannot be a ring at
 * all breaks it for good; the queue then stops. Nothing here allocates. Guarded by the lock of the queue.
 */
public sealed interface Ring permits SplitRing, PackedRing {
    /** {@link #take}: a chain was taken. */
    int TAKEN = 1;

    /** {@link #take}: the driver made nothing more available. */
    int EMPTY = 0;

    /** {@link #take}: what the driver wrote is no ring; {@link #fault()} says why. */
    int BROKEN = -1;

    /**
     * Chains with an indirect table may be longer than the queue, but not longer than this, which is more than any
     * driver sends.
     */
    int INDIRECT_LIMIT = 1024;

    /** The most memory that an indirect table of {@link #INDIRECT_LIMIT} descriptors takes. */
    int INDIRECT_BYTES_LIMIT = INDIRECT_LIMIT * RingLayout.DESCRIPTOR_SIZE;

    /**
     * Finds the parts of the ring in memory.
     *
     * @return whether all were found; if not, nothing else is called until they are
     */
    boolean resolve(GuestMemory memory);

    /** Whether the driver made something available that was not taken yet. */
    boolean available();

    /** Takes the next chain: {@link #TAKEN}, {@link #EMPTY} or {@link #BROKEN}. */
    int take(DescriptorChain chain, GuestMemory memory);

    /** What broke the ring. */
    @Nullable
    String fault();

    /**
     * Gives a chain back; the driver need not see it before {@link #publish()}.
     *
     * @param written bytes written into it
     */
    void use(DescriptorChain chain, int written);

    /**
     * Lets the driver see all that was given back.
     *
     * @return whether the driver asked to be told of it
     */
    boolean publish();

    /**
     * Whether the driver was told and has not asked to be told again since. False if that cannot be known: only a
     * driver with event indices says.
     */
    boolean unanswered();

    /** The driver is told once more. Then it is not {@link #unanswered} until it asks and is told again. */
    void reminded();

    /** Asks the driver not to tell of what it makes available; it may do so nevertheless. */
    void disableNotifications();

    /**
     * Asks the driver to tell of what it makes available.
     *
     * @return whether something is available already, which the driver may not have told of
     */
    boolean enableNotifications();

    /** Where the ring stands, as vhost-user's GET_VRING_BASE wants it. */
    int base();
}

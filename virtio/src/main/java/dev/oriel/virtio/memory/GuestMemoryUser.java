package dev.oriel.virtio.memory;

/**
 * Uses guest memory: a queue, whose ring and chains lie there. Called with the lock of the {@link GuestMemoryTable}.
 */
public interface GuestMemoryUser {

    /** The memory has changed: from now on addresses are checked against this snapshot. */
    void use(GuestMemory snapshot);

    /** Whether it still uses a region, be that of the snapshot or taken out of it. */
    boolean uses(GuestRegion region);
}

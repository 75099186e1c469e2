package dev.oriel.virtio.memory;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The guest's memory as it changes: owns the regions, tells the queues of a new snapshot, and unmaps a region that was
 * taken out as soon as no chain in flight has a buffer in it.
 *
 * <p>Taking a region out does not wait for such chains: one of them may itself wait for the thread that changes the
 * table. Until they are completed their memory stays mapped. What they write there reaches whoever shares it: a driver
 * takes a buffer back before it uses it for something else.
 *
 * <p>Locks are taken in the order table, queue. Any thread.
 */
public final class GuestMemoryTable implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.virtio");

    private final List<GuestMemoryUser> users = new ArrayList<>();
    private final List<GuestRegion> retired = new ArrayList<>();
    private final AtomicBoolean toldOfFault = new AtomicBoolean();
    private volatile GuestMemory current = GuestMemory.EMPTY;

    /** The snapshot that rings use now. Takes no lock. */
    public GuestMemory current() {
        return current;
    }

    /** How many regions are mapped, those that only chains in flight still use included. */
    public synchronized int mappedRegions() {
        return current.count() + retired.size();
    }

    /** Tells a queue of the memory, now and whenever it changes. */
    public synchronized void attach(GuestMemoryUser user) {
        users.add(user);
        user.use(current);
    }

    /** Tells a queue nothing more, and keeps nothing mapped for it. */
    public synchronized void detach(GuestMemoryUser user) {
        users.remove(user);
    }

    /**
     * Adds a region and becomes its owner.
     *
     * @throws InvalidSetupException if it overlaps another; it then still belongs to the caller
     */
    public synchronized void add(GuestRegion region) throws InvalidSetupException {
        publish(current.with(region));
    }

    /**
     * Takes out the region with exactly these bounds.
     *
     * @throws InvalidSetupException if there is none
     */
    public synchronized void remove(long guestAddress, long size, long userAddress) throws InvalidSetupException {
        GuestRegion region = current.find(guestAddress);
        if (region == null
                || region.guestAddress() != guestAddress
                || region.size() != size
                || region.userAddress() != userAddress) {
            throw new InvalidSetupException(
                    "there is no memory region of 0x%x bytes at guest address 0x%x, user address 0x%x"
                            .formatted(size, guestAddress, userAddress));
        }
        retired.add(region);
        publish(current.without(region));
    }

    /**
     * Takes out all regions that begin in a range of guest addresses; all at once, as there may be thousands.
     *
     * @param size bytes, more than 0; the range does not wrap around
     */
    public synchronized void removeWithin(long guestAddress, long size) {
        publish(current.withoutThoseAt(guestAddress, size, retired));
    }

    /**
     * Puts these regions in the place of all others and becomes their owner.
     *
     * @throws InvalidSetupException if they overlap; they then still belong to the caller, and the old ones stay
     */
    public synchronized void replace(List<GuestRegion> regions) throws InvalidSetupException {
        GuestMemory next = GuestMemory.of(regions);
        retired.addAll(current.regions());
        publish(next);
    }

    private void publish(GuestMemory next) {
        current = next;
        for (GuestMemoryUser user : users) {
            user.use(next);
        }
        reclaim();
    }

    /** Says once that a driver uses what is not its memory: every request in which it does so fails. */
    public void tellOfFault(String queue, long guestAddress) {
        if (!toldOfFault.getAndSet(true)) {
            LOGGER.log(
                    Level.WARNING,
                    "{0}: a request has a buffer at guest address 0x{1}, which is not in the memory that this process was given, and"
                            + " is answered EFAULT; this is said once for each connection. (User-mode Linux does so for direct I/O"
                            + " from memory that was never written.)",
                    queue,
                    Long.toHexString(guestAddress));
        }
    }

    /** Unmaps what was taken out and is used no more. Called without the lock of a queue. */
    public synchronized void reclaim() {
        retired.removeIf(region -> {
            for (GuestMemoryUser user : users) {
                if (user.uses(region)) {
                    return false;
                }
            }
            region.close();
            return true;
        });
    }

    /** Unmaps everything. All queues have stopped. */
    @Override
    public synchronized void close() {
        retired.addAll(current.regions());
        publish(GuestMemory.EMPTY);
    }
}

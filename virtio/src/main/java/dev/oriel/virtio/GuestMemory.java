package dev.oriel.virtio;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of the guest's memory: regions that do not overlap, in the order of their guest addresses. Immutable; a change makes
 * a new snapshot. Any thread.
 */
public final class GuestMemory {
    /** No memory at all. */
    public static final GuestMemory EMPTY = new GuestMemory(new GuestRegion[0]);

    private final GuestRegion[] regions;

    private GuestMemory(GuestRegion[] regions) {
        this.regions = regions;
    }

    /**
     * A snapshot of exactly these regions.
     *
     * @throws InvalidSetupException if two of them overlap
     */
    public static GuestMemory of(List<GuestRegion> regions) throws InvalidSetupException {
        List<GuestRegion> sorted = new ArrayList<>(regions);
        sorted.sort(Comparator.comparing(GuestRegion::guestAddress, Long::compareUnsigned));
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i - 1).overlaps(sorted.get(i))) {
                throw new InvalidSetupException(sorted.get(i) + " overlaps the " + sorted.get(i - 1));
            }
        }
        return new GuestMemory(sorted.toArray(GuestRegion[]::new));
    }

    /** A snapshot of regions that do not overlap, in the order of their guest addresses. */
    static GuestMemory ofSorted(List<GuestRegion> regions) {
        return new GuestMemory(regions.toArray(GuestRegion[]::new));
    }

    /**
     * This memory and one region more.
     *
     * @throws InvalidSetupException if it overlaps another
     */
    public GuestMemory with(GuestRegion region) throws InvalidSetupException {
        List<GuestRegion> more = new ArrayList<>(regions());
        more.add(region);
        return of(more);
    }

    /** This memory without one region. */
    public GuestMemory without(GuestRegion region) {
        List<GuestRegion> fewer = new ArrayList<>(regions());
        fewer.remove(region);
        return ofSorted(fewer);
    }

    /** All regions, in the order of their guest addresses. */
    public List<GuestRegion> regions() {
        return List.of(regions);
    }

    /** The region that holds a guest address, or null. */
    public @Nullable GuestRegion find(long guestAddress) {
        int low = 0;
        int high = regions.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            GuestRegion region = regions[middle];
            if (region.holdsGuestAddress(guestAddress)) {
                return region;
            }
            if (Long.compareUnsigned(guestAddress, region.guestAddress()) < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return null;
    }

    /**
     * The memory at a user address, for rings.
     *
     * @return {@code length} bytes, or null if they do not all lie in one region
     */
    public @Nullable MemorySegment findUser(long userAddress, long length) {
        GuestRegion region = find(userAddress);
        if (region == null || region.userAddress() != region.guestAddress()) {
            // a front-end has few regions and addresses of its own; over a bus there may be thousands, and the
            // addresses are the guest's
            region = searchUser(userAddress);
        }
        if (region == null) {
            return null;
        }
        long offset = userAddress - region.userAddress();
        return length <= region.size() - offset ? region.memory().asSlice(offset, length) : null;
    }

    private @Nullable GuestRegion searchUser(long userAddress) {
        for (GuestRegion region : regions) {
            if (region.holdsUserAddress(userAddress)) {
                return region;
            }
        }
        return null;
    }
}

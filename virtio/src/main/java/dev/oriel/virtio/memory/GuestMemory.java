package dev.oriel.virtio.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of the guest's memory: regions that do not overlap, in the order of their guest addresses. Immutable; a
 * change makes a new snapshot. Any thread.
 *
 * <pre>
 *   chunks    | 0 | 1 | 2 |                     in the order of their first regions, none of them empty
 *               |   |   |
 *   regions     |   |   +-- | ..... |
 *               |   +------ | ... |
 *               +---------- | ........ |        at most {@value #CHUNK} in each
 * </pre>
 *
 * <p>Snapshots share the chunks in which they are the same: a bus with an IOMMU has tens of thousands of regions, which
 * come and go one by one.
 */
public final class GuestMemory {
    /** No memory at all. */
    public static final GuestMemory EMPTY = new GuestMemory(new GuestRegion[0][], 0);

    /** The most regions of a chunk. A change copies one chunk, and the list of chunks. */
    private static final int CHUNK = 256;

    private final GuestRegion[][] chunks;
    private final int count;

    private GuestMemory(GuestRegion[][] chunks, int count) {
        this.chunks = chunks;
        this.count = count;
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
            checkApart(sorted.get(i - 1), sorted.get(i));
        }
        GuestRegion[][] chunks = new GuestRegion[(sorted.size() + CHUNK - 1) / CHUNK][];
        for (int i = 0; i < chunks.length; i++) {
            int from = i * CHUNK;
            chunks[i] =
                    sorted.subList(from, Math.min(from + CHUNK, sorted.size())).toArray(GuestRegion[]::new);
        }
        return new GuestMemory(chunks, sorted.size());
    }

    private static void checkApart(GuestRegion before, GuestRegion after) throws InvalidSetupException {
        if (before.overlaps(after)) {
            throw new InvalidSetupException(after + " overlaps the " + before);
        }
    }

    /**
     * This memory and one region more.
     *
     * @throws InvalidSetupException if it overlaps another
     */
    public GuestMemory with(GuestRegion region) throws InvalidSetupException {
        if (count == 0) {
            return new GuestMemory(new GuestRegion[][] {{region}}, 1);
        }
        int index = chunkOf(region.guestAddress());
        GuestRegion[] chunk = chunks[index];
        int place = placeOf(chunk, region.guestAddress());
        if (place > 0) {
            checkApart(chunk[place - 1], region);
        }
        if (place < chunk.length) {
            checkApart(region, chunk[place]);
        } else if (index + 1 < chunks.length) {
            checkApart(region, chunks[index + 1][0]);
        }
        GuestRegion[] more = Arrays.copyOf(chunk, chunk.length + 1);
        System.arraycopy(chunk, place, more, place + 1, chunk.length - place);
        more[place] = region;
        if (more.length <= CHUNK) {
            return new GuestMemory(replaced(index, 1, more), count + 1);
        }
        GuestRegion[] low = Arrays.copyOf(more, more.length / 2);
        GuestRegion[] high = Arrays.copyOfRange(more, more.length / 2, more.length);
        return new GuestMemory(replaced(index, 1, low, high), count + 1);
    }

    /** This memory without one region. */
    public GuestMemory without(GuestRegion region) {
        return withoutThoseAt(region.guestAddress(), 1, new ArrayList<>());
    }

    /**
     * This memory without all regions that begin in a range of guest addresses.
     *
     * @param size bytes, more than 0; the range does not wrap around
     * @param removed gets those regions
     */
    GuestMemory withoutThoseAt(long guestAddress, long size, List<GuestRegion> removed) {
        if (count == 0) {
            return this;
        }
        int first = chunkOf(guestAddress);
        int end = first;
        List<GuestRegion> left = new ArrayList<>();
        int before = removed.size();
        while (end < chunks.length && (end == first || isWithin(chunks[end][0].guestAddress(), guestAddress, size))) {
            for (GuestRegion region : chunks[end]) {
                (isWithin(region.guestAddress(), guestAddress, size) ? removed : left).add(region);
            }
            end++;
        }
        if (removed.size() == before) {
            return this;
        }
        // what has become small goes to its neighbour, or else there would be many chunks of few regions in the end
        if (first > 0 && left.size() + chunks[first - 1].length <= CHUNK / 2) {
            first--;
            left.addAll(0, List.of(chunks[first]));
        }
        // at most what is left of the first chunk and of the last
        int half = left.size() <= CHUNK ? left.size() : left.size() / 2;
        List<GuestRegion[]> parts = new ArrayList<>();
        if (half > 0) {
            parts.add(left.subList(0, half).toArray(GuestRegion[]::new));
        }
        if (half < left.size()) {
            parts.add(left.subList(half, left.size()).toArray(GuestRegion[]::new));
        }
        GuestRegion[][] fewer = replaced(first, end - first, parts.toArray(GuestRegion[][]::new));
        return new GuestMemory(fewer, count - (removed.size() - before));
    }

    private static boolean isWithin(long address, long start, long size) {
        return Long.compareUnsigned(address - start, size) < 0;
    }

    /** The chunks with others in the place of some. */
    private GuestRegion[][] replaced(int index, int length, GuestRegion[]... others) {
        GuestRegion[][] next = new GuestRegion[chunks.length - length + others.length][];
        System.arraycopy(chunks, 0, next, 0, index);
        System.arraycopy(others, 0, next, index, others.length);
        System.arraycopy(chunks, index + length, next, index + others.length, chunks.length - index - length);
        return next;
    }

    /** How many regions there are. */
    public int count() {
        return count;
    }

    /** All regions, in the order of their guest addresses; a list of the caller's. */
    public List<GuestRegion> regions() {
        List<GuestRegion> all = new ArrayList<>(count);
        for (GuestRegion[] chunk : chunks) {
            all.addAll(Arrays.asList(chunk));
        }
        return all;
    }

    /** The last chunk that does not begin behind an address; the first if all do. There is one. */
    private int chunkOf(long guestAddress) {
        int low = 0;
        int high = chunks.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (Long.compareUnsigned(chunks[middle][0].guestAddress(), guestAddress) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** How many regions of a chunk begin before an address. */
    private static int placeOf(GuestRegion[] chunk, long guestAddress) {
        int low = 0;
        int high = chunk.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(chunk[middle].guestAddress(), guestAddress) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The region that holds a guest address, or null. */
    public @Nullable GuestRegion find(long guestAddress) {
        if (count == 0) {
            return null;
        }
        GuestRegion[] regions = chunks[chunkOf(guestAddress)];
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
     * @return {@code length} bytes, or null if they do not all lie in one region, or lie in a window
     */
    public @Nullable MemorySegment findUser(long userAddress, long length) {
        GuestRegion region = find(userAddress);
        if (region == null || region.userAddress() != region.guestAddress()) {
            // a front-end has few regions and addresses of its own; over a bus there may be thousands, and the
            // addresses are the guest's
            region = searchUser(userAddress);
        }
        if (region == null || region.isWindow()) {
            return null;
        }
        long offset = userAddress - region.userAddress();
        return length <= region.size() - offset ? region.memory().asSlice(offset, length) : null;
    }

    private @Nullable GuestRegion searchUser(long userAddress) {
        for (GuestRegion[] chunk : chunks) {
            for (GuestRegion region : chunk) {
                if (region.holdsUserAddress(userAddress)) {
                    return region;
                }
            }
        }
        return null;
    }
}

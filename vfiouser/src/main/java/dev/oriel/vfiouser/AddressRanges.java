package dev.oriel.vfiouser;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Ranges of addresses, unsigned, that do not overlap. Each is given by its first address and its size, and does not
 * wrap around.
 */
final class AddressRanges {
    private final NavigableMap<Long, Long> sizes = new TreeMap<>(Long::compareUnsigned);

    int count() {
        return sizes.size();
    }

    void add(long address, long size) {
        sizes.put(address, size);
    }

    void clear() {
        sizes.clear();
    }

    /** Whether an address of these is in one of the ranges. */
    boolean overlap(long address, long size) {
        return reaches(sizes.floorEntry(address + size - 1), address);
    }

    /** Whether one of the ranges is partly among these addresses and partly not. */
    boolean reachOut(long address, long size) {
        long next = address + size;
        return reaches(sizes.lowerEntry(address), address) || (next != 0 && reaches(sizes.floorEntry(next - 1), next));
    }

    /** Whether a range, which may be none, has an address from this one on. */
    private static boolean reaches(Map.@Nullable Entry<Long, Long> range, long address) {
        return range != null && Long.compareUnsigned(range.getKey() + range.getValue() - 1, address) >= 0;
    }

    /** The ranges that begin among these addresses; what is removed there is removed here. */
    Map<Long, Long> within(long address, long size) {
        return sizes.subMap(address, true, address + size - 1, true);
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.linux.FlockBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Who holds locks on a node, the descriptor that holds them on the host, and what they are: the host names no holder of
 * a lock that belongs to a description, but the client's processes want to know the pid. Ranges are split and joined as
 * the host does it.
 */
final class LockOwner {
    private final long id;
    private final int descriptor;

    /** By their starts; none overlaps another. */
    private final TreeMap<Long, Range> ranges = new TreeMap<>();

    private final Set<Long> handles = new HashSet<>();
    private int pid;

    LockOwner(long id, int descriptor) {
        this.id = id;
        this.descriptor = descriptor;
    }

    /** A locked range; both ends belong to it. */
    private record Range(long start, long end, int type) {}

    long id() {
        return id;
    }

    int descriptor() {
        return descriptor;
    }

    /** The process in the client that locked last. */
    int pid() {
        return pid;
    }

    /** How many ranges it holds. */
    int count() {
        return ranges.size();
    }

    /** Whether an F_UNLCK would make two ranges of one. */
    boolean isSplitBy(long start, long end) {
        Map.Entry<Long, Range> before = ranges.lowerEntry(start);
        return before != null && before.getValue().end > end;
    }

    /** Notes what the host has granted. */
    void record(int type, long start, long end, int process, long handle) {
        carveOut(start, end);
        if (type == FlockBuffer.F_UNLCK) {
            return;
        }
        long from = start;
        long to = end;
        Map.Entry<Long, Range> before = ranges.lowerEntry(start);
        if (before != null && before.getValue().type == type && before.getValue().end == start - 1) {
            from = before.getKey();
        }
        Range after = end == Long.MAX_VALUE ? null : ranges.get(end + 1);
        if (after != null && after.type == type) {
            ranges.remove(after.start);
            to = after.end;
        }
        ranges.put(from, new Range(from, to, type));
        pid = process;
        handles.add(handle);
    }

    private void carveOut(long start, long end) {
        Map.Entry<Long, Range> before = ranges.lowerEntry(start);
        if (before != null && before.getValue().end >= start) {
            Range cut = before.getValue();
            ranges.put(cut.start, new Range(cut.start, start - 1, cut.type));
            if (cut.end > end) {
                ranges.put(end + 1, new Range(end + 1, cut.end, cut.type));
                return;
            }
        }
        for (Map.Entry<Long, Range> next = ranges.ceilingEntry(start);
                next != null && next.getKey() <= end;
                next = ranges.ceilingEntry(start)) {
            Range cut = next.getValue();
            ranges.remove(cut.start);
            if (cut.end > end) {
                ranges.put(end + 1, new Range(end + 1, cut.end, cut.type));
            }
        }
    }

    boolean holdsNothing() {
        return ranges.isEmpty();
    }

    /** Whether it holds a lock in the range that keeps another owner's of this type out. */
    boolean keepsOut(int type, long start, long end) {
        Map.Entry<Long, Range> first = ranges.floorEntry(start);
        Map.Entry<Long, Range> each =
                first != null && first.getValue().end >= start ? first : ranges.higherEntry(start);
        while (each != null && each.getKey() <= end) {
            if (type == FlockBuffer.F_WRLCK || each.getValue().type == FlockBuffer.F_WRLCK) {
                return true;
            }
            each = ranges.higherEntry(each.getKey());
        }
        return false;
    }

    boolean lockedThrough(long handle) {
        return handles.contains(handle);
    }
}

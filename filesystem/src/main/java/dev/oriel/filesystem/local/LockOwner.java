package dev.oriel.filesystem.local;

import dev.oriel.linux.FlockBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Who holds locks on a node, the descriptor that holds them on the host, and what they are: the host names no holder of a lock
 * that belongs to a description, but the client's processes want to know the pid.
 */
final class LockOwner {
    /** More pieces than this are not told apart any more. */
    private static final int MAX_RANGES = 1024;

    private final long id;
    private final int descriptor;
    private final List<Range> ranges = new ArrayList<>();
    private final List<Long> handles = new ArrayList<>();
    private int pid;
    private boolean overflowed;

    LockOwner(long id, int descriptor) {
        this.id = id;
        this.descriptor = descriptor;
    }

    /** A locked range; both ends belong to it. */
    private record Range(long start, long end) {}

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

    /** Notes what the host has granted. */
    void record(int type, long start, long end, int process, long handle) {
        List<Range> rest = new ArrayList<>();
        for (Range range : ranges) {
            if (range.start < start) {
                rest.add(new Range(range.start, Math.min(range.end, start - 1)));
            }
            if (range.end > end) {
                rest.add(new Range(Math.max(range.start, end + 1), range.end));
            }
        }
        boolean all = start == 0 && end == Long.MAX_VALUE;
        overflowed = !all && (overflowed || rest.size() >= MAX_RANGES);
        ranges.clear();
        if (!overflowed) {
            ranges.addAll(rest);
        }
        if (type != FlockBuffer.F_UNLCK) {
            ranges.add(new Range(start, end));
            pid = process;
            if (!handles.contains(handle)) {
                handles.add(handle);
            }
        }
    }

    boolean holdsNothing() {
        return ranges.isEmpty() && !overflowed;
    }

    boolean holds(long start, long end) {
        for (Range range : ranges) {
            if (range.start <= end && range.end >= start) {
                return true;
            }
        }
        return overflowed;
    }

    boolean lockedThrough(long handle) {
        return handles.contains(handle);
    }
}

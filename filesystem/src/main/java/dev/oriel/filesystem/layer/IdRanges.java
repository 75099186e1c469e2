package dev.oriel.filesystem.layer;

import java.util.Comparator;
import java.util.List;

/** Ranges of ids of one side, in order and without overlap, and what each is on the other side. */
final class IdRanges {
    /** What a forbidden id is. */
    static final long FORBIDDEN = -1;

    /**
     * A range of ids.
     *
     * @param rule as it was typed
     * @param target what {@code first} is, or {@link #FORBIDDEN}
     * @param squashed whether all others are {@code target} too, and not the ids that follow it
     */
    record Range(String rule, long first, long count, long target, boolean squashed) {}

    private final long[] firsts;
    private final long[] ends;
    private final long[] targets;
    private final boolean[] squashed;

    /**
     * Takes ranges in any order.
     *
     * @param whose ids they are, for the message
     * @throws IllegalArgumentException naming two rules that overlap
     */
    IdRanges(List<Range> ranges, String whose) {
        List<Range> sorted =
                ranges.stream().sorted(Comparator.comparingLong(Range::first)).toList();
        int count = sorted.size();
        firsts = new long[count];
        ends = new long[count];
        targets = new long[count];
        squashed = new boolean[count];
        for (int i = 0; i < count; i++) {
            Range range = sorted.get(i);
            firsts[i] = range.first;
            ends[i] = range.first + range.count;
            targets[i] = range.target;
            squashed[i] = range.squashed;
            if (i > 0 && firsts[i] < ends[i - 1]) {
                throw new IllegalArgumentException(sorted.get(i - 1).rule + " and " + range.rule
                        + " overlap: an id of the " + whose + " has one translation");
            }
        }
    }

    /** What an id is on the other side: itself if no range has it, or {@link #FORBIDDEN}. */
    long translate(int id) {
        long wanted = Integer.toUnsignedLong(id);
        int low = 0;
        int high = firsts.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (wanted < firsts[middle]) {
                high = middle - 1;
            } else if (wanted >= ends[middle]) {
                low = middle + 1;
            } else if (squashed[middle] || targets[middle] == FORBIDDEN) {
                return targets[middle];
            } else {
                return targets[middle] + (wanted - firsts[middle]);
            }
        }
        return wanted;
    }

    boolean isEmpty() {
        return firsts.length == 0;
    }
}

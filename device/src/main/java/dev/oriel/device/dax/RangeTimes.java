package dev.oriel.device.dax;

import java.util.Arrays;

/**
 * What a range of Linux takes in this session, mapped at the front-end or copied: the median of the last few of each.
 * Not for several threads.
 */
final class RangeTimes {
    private static final int REMEMBERED = 5;

    /** After so many decisions for mapping what a copy takes is found out anew: it may have waited for a disk. */
    private static final int TRUSTED = 64;

    /** A Linux whose window is full takes up to ten ranges away before it makes as many (fs/fuse/dax.c). */
    private static final int FEW = 16;

    private final Times mapped = new Times();
    private final Times unmapped = new Times();
    private final Times staged = new Times();
    private int decided;
    private int madeSinceTakenAway = FEW;

    void mapped(long nanos) {
        mapped.add(nanos);
        madeSinceTakenAway++;
    }

    void staged(long nanos) {
        staged.add(nanos);
        madeSinceTakenAway++;
    }

    void unmapped(long nanos) {
        unmapped.add(nanos);
    }

    /** A range is taken away, mapped or staged. */
    void takenAway() {
        madeSinceTakenAway = 0;
    }

    /**
     * Whether a copy takes less time than a mapping; it is so until it is known. While the client takes ranges away for
     * new ones, a mapping's time has that of taking it away.
     */
    boolean stagingIsQuicker() {
        if (mapped.isEmpty()) {
            return false;
        }
        long mapping = mapped.median() + (madeSinceTakenAway < FEW ? unmapped.median() : 0);
        if (staged.isEmpty() || staged.median() < mapping) {
            decided = 0;
            return true;
        }
        if (++decided == TRUSTED) {
            decided = 0;
            staged.clear();
        }
        return false;
    }

    private static final class Times {
        private final long[] last = new long[REMEMBERED];
        private long count;

        void add(long nanos) {
            last[(int) (count++ % REMEMBERED)] = nanos;
        }

        void clear() {
            count = 0;
        }

        boolean isEmpty() {
            return count == 0;
        }

        /** 0 if there is none. */
        long median() {
            int known = (int) Math.min(count, REMEMBERED);
            long[] sorted = Arrays.copyOf(last, known);
            Arrays.sort(sorted);
            return known == 0 ? 0 : sorted[known / 2];
        }
    }
}

package dev.oriel.virtio.queue;

import java.util.Arrays;

/**
 * Whether looking for the next chain gains enough to be worth a processor: found by trial. Now and then the queue is
 * served for a few moments in turn with looking (L) and without (S), and the rates are compared, each with its
 * neighbour:
 *
 * <pre>
 *   L S   S L   L S   S L
 *   ratio ratio ratio ratio     the middle of the four says what looking gains
 * </pre>
 *
 * <p>What changes slowly meets both alike, as the turns change; what disturbs one moment spoils one ratio, and the
 * middle is without it. A verdict is changed only by two trials in a row. Time in which the driver wants nothing counts
 * for nobody. For the thread of the queue.
 */
final class LookGain {
    /** Less than a tenth is not worth a processor. */
    static final double WORTHWHILE = 1.1;

    /** A moment has so many waits at least, */
    private static final int WAITS = 16;

    /** and takes so long at least, in nanoseconds. */
    private static final long MOMENT_NANOS = 500_000;

    /** From one wait to the next; where more passes, the driver had something else to do. */
    private static final long LONGEST_NANOS = 5_000_000;

    private static final int PAIRS = 4;

    /** From one trial to the next: at first, and at most when the verdict stays the same. */
    private static final long SOON_NANOS = 50_000_000;

    private static final long SELDOM_NANOS = 800_000_000;

    private final double[] ratios = new double[PAIRS];

    private boolean worthwhile = true;

    /** The trial before this one said the opposite of the verdict. */
    private boolean doubted;

    private boolean trying;

    /** Of a trial: how many moments are over, and the rate of the last. */
    private int moments;

    private double rate;

    private long restNanos = SOON_NANOS;
    private long nextTrial;
    private boolean begun;

    // Of a moment.
    private long lastWait;
    private int waits;
    private long chains;
    private long nanos;

    /**
     * A wait begins.
     *
     * @param now {@link System#nanoTime}
     * @param served how many chains were served since the last wait
     * @return whether to look for the next
     */
    boolean looks(long now, int served) {
        if (!begun) {
            begun = true;
            nextTrial = now + restNanos;
        } else if (trying) {
            count(now, served);
        } else if (now - nextTrial >= 0) {
            begin();
        }
        lastWait = now;
        return trying ? tried() : worthwhile;
    }

    /** Whether a trial is under way. */
    boolean trying() {
        return trying;
    }

    /** Whether the moment is one of looking: every other pair begins without. */
    private boolean tried() {
        boolean first = (moments & 1) == 0;
        boolean turned = (moments & 2) != 0;
        return first != turned;
    }

    private void begin() {
        trying = true;
        moments = 0;
        beginMoment();
    }

    private void beginMoment() {
        waits = 0;
        chains = 0;
        nanos = 0;
    }

    private void count(long now, int served) {
        long passed = now - lastWait;
        if (passed > LONGEST_NANOS) {
            return;
        }
        nanos += passed;
        chains += served;
        if (++waits >= WAITS && nanos >= MOMENT_NANOS) {
            endMoment(now);
        }
    }

    private void endMoment(long now) {
        double current = (double) chains / nanos;
        if ((moments & 1) == 0) {
            rate = current;
        } else {
            ratios[moments >> 1] = tried() ? current / rate : rate / current;
        }
        moments++;
        beginMoment();
        if (moments == 2 * PAIRS) {
            judge(now);
        }
    }

    private void judge(long now) {
        trying = false;
        Arrays.sort(ratios);
        boolean gains = (ratios[PAIRS / 2 - 1] + ratios[PAIRS / 2]) / 2 >= WORTHWHILE;
        if (gains == worthwhile) {
            doubted = false;
            restNanos = Math.min(2 * restNanos, SELDOM_NANOS);
        } else if (doubted) {
            worthwhile = gains;
            doubted = false;
            restNanos = SOON_NANOS;
        } else {
            doubted = true;
            restNanos = 0;
        }
        nextTrial = now + restNanos;
        if (doubted) {
            restNanos = SOON_NANOS;
        }
    }
}

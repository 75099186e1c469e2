package dev.oriel.driver;

/**
 * Whether it is worth while to look at a ring for a while before sleeping: that follows from how long replies took of
 * late. For the thread that leads.
 */
final class LookTime {
    /** The longest look, in nanoseconds: about the cost of a wake-up. */
    static final long MAX_NANOS = 50_000;

    /** A queue whose replies are slow is looked at for long only once in so many waits. */
    private static final int PROBE_INTERVAL = 64;

    private long usualNanos;
    private int waits;

    /** A wait begins; whether to look. */
    boolean begins() {
        return isWorthIt() || ++waits % PROBE_INTERVAL == 0;
    }

    private boolean isWorthIt() {
        return usualNanos <= MAX_NANOS;
    }

    /** A look found the reply after so long. */
    void found(long nanos) {
        usualNanos = isWorthIt() ? (usualNanos * 7 + nanos) / 8 : nanos;
    }

    /**
     * A wait ended in sleep. It weighs more than one that did not: better to sleep in vain than to burn a processor in
     * vain.
     */
    void slept(long nanos) {
        usualNanos = (usualNanos + nanos) / 2;
    }
}

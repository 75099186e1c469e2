package dev.oriel.app.log;

/**
 * How many lines of one origin and level are logged: a few at once, and then one in a second, however many a guest or a
 * front-end causes. The next line that is logged says how many were left out.
 *
 * <p>For all threads.
 */
final class LogRate {
    /** Lines at once. */
    static final int BURST = 50;

    private static final long NANOS_FOR_LINE = 1_000_000_000L;

    /** The time up to which lines have been given away: no more than a burst ahead of now. */
    private long givenUntil;

    private long leftOut;

    /** @param now {@link System#nanoTime()} */
    LogRate(long now) {
        givenUntil = now;
    }

    /**
     * Asks for a line.
     *
     * @param now {@link System#nanoTime()}
     * @return how many lines have been left out before it; -1: it is left out too
     */
    synchronized long ask(long now) {
        if (givenUntil - now < 0) {
            givenUntil = now;
        }
        if (givenUntil - now > (BURST - 1) * NANOS_FOR_LINE) {
            leftOut++;
            return -1;
        }
        givenUntil += NANOS_FOR_LINE;
        long before = leftOut;
        leftOut = 0;
        return before;
    }
}

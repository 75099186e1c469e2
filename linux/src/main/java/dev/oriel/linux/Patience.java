package dev.oriel.linux;

import java.util.concurrent.TimeUnit;

/** So long somebody waits for others without a word; then he says so, once. Begins when it is made. For one thread. */
public final class Patience {
    /** How long those wait who wait for files that may never answer, in nanoseconds. */
    public static final long USUAL_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final long nanos;
    private final long begun = System.nanoTime();
    private boolean over;

    /** @param nanos how long, in nanoseconds; 0: it is over at once */
    public Patience(long nanos) {
        this.nanos = nanos;
    }

    /** Whether it is over now and was not when this was asked before: true once at most. */
    public boolean ends() {
        if (over || System.nanoTime() - begun < nanos) {
            return false;
        }
        over = true;
        return true;
    }
}

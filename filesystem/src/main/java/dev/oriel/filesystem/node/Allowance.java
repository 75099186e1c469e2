package dev.oriel.filesystem.node;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one session has of a {@link Budget}: its guaranteed part, and what it has taken of the shared one. What it gives
 * back goes to the shared part first.
 *
 * <p>For all threads. The log has one line when it is spent, and another only after much of it was given back.
 */
public final class Allowance implements AutoCloseable {
    private static final Logger LOG = System.getLogger("dev.oriel.filesystem");

    private final Budget budget;
    private final long guaranteed;

    /** What is left of the guaranteed part. */
    private final AtomicLong own;

    private final AtomicLong borrowed = new AtomicLong();
    private final AtomicBoolean told = new AtomicBoolean();

    /** Whether it is to be closed when nothing is taken any more. */
    private final AtomicBoolean retired = new AtomicBoolean();

    Allowance(Budget budget, long guaranteed) {
        this.budget = budget;
        this.guaranteed = guaranteed;
        own = new AtomicLong(guaranteed);
    }

    /** Takes as much; false if there is not as much left. */
    public boolean take(long amount) {
        if (tryTake(amount)) {
            return true;
        }
        if (!told.get() && told.compareAndSet(false, true)) {
            LOG.log(Level.WARNING, "{0}: {1}", Thread.currentThread().getName(), budget.whenSpent());
        }
        return false;
    }

    /** As {@link #take}, for what can be done without: the log is not told. */
    public boolean tryTake(long amount) {
        long part;
        long left;
        do {
            left = own.get();
            part = Math.min(left, amount);
        } while (!own.compareAndSet(left, left - part));
        if (part == amount) {
            return true;
        }
        if (!budget.takeShared(amount - part)) {
            own.addAndGet(part);
            return false;
        }
        borrowed.addAndGet(amount - part);
        return true;
    }

    /** Gives back what was taken. */
    public void give(long amount) {
        if (amount == 0) {
            return;
        }
        while (true) {
            long before = borrowed.get();
            long part = Math.min(before, amount);
            if (borrowed.compareAndSet(before, before - part)) {
                budget.giveShared(part);
                own.addAndGet(amount - part);
                break;
            }
        }
        if (told.get() && left() >= Math.max(1, guaranteed / 2)) {
            told.set(false);
        }
        endIfRetired();
    }

    /**
     * Nobody takes any more, but what was taken is given back one by one: until the last of it is, it counts, and what
     * is guaranteed goes to no other session.
     */
    public void retire() {
        retired.set(true);
        endIfRetired();
    }

    private void endIfRetired() {
        if (retired.get() && taken() == 0 && retired.compareAndSet(true, false)) {
            close();
        }
    }

    /** How much could be taken now. */
    public long left() {
        return own.get() + budget.sharedLeft();
    }

    /** How much nobody else can take from it. */
    public long guaranteed() {
        return guaranteed;
    }

    /** How much is taken. */
    public long taken() {
        return guaranteed - own.get() + borrowed.get();
    }

    /** Gives back all that was taken. Nobody takes or gives any more. */
    @Override
    public void close() {
        budget.giveShared(borrowed.getAndSet(0));
        if (guaranteed > 0) {
            budget.endGuarantee();
        }
    }
}

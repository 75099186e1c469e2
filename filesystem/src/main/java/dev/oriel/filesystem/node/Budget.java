package dev.oriel.filesystem.node;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bounded amount of something (bytes of heap, descriptors) that all sessions of a server have together. Each session
 * is guaranteed a part; the rest is shared, for whoever asks first. So no client can take from the others what they
 * need to go on.
 *
 * <pre>
 *   0                       reserved                       total
 *   +-------+-------+-- ... --+------------------------------+
 *   | one   | one   |         | shared                       |
 *   +-------+-------+-- ... --+------------------------------+
 *     guaranteed for each session
 * </pre>
 *
 * <p>For all threads.
 */
public final class Budget {
    private final long guaranteed;
    private final AtomicInteger guarantees;
    private final AtomicLong shared;
    private final String whenSpent;

    /**
     * Reserves half of it.
     *
     * @param total how much there is
     * @param sessions how many sessions are guaranteed a part
     * @param least a part is at least this much: where that is more than there is, fewer sessions have one
     * @param whenSpent what the log says when a session has spent all that it can have
     */
    public Budget(long total, int sessions, long least, String whenSpent) {
        this(total, total / 2, sessions, least, whenSpent);
    }

    /**
     * The same.
     *
     * @param reserved how much of it is for the guaranteed parts
     */
    public Budget(long total, long reserved, int sessions, long least, String whenSpent) {
        guaranteed = Math.min(reserved, Math.max(reserved / sessions, least));
        int parts = guaranteed == 0 ? 0 : (int) Math.min(sessions, reserved / guaranteed);
        guarantees = new AtomicInteger(parts);
        shared = new AtomicLong(total - parts * guaranteed);
        this.whenSpent = whenSpent;
    }

    /** What a session may have, empty at first. */
    public Allowance open() {
        boolean isGuaranteed = guarantees.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
        return new Allowance(this, isGuaranteed ? guaranteed : 0);
    }

    /** An allowance ends that was guaranteed a part. */
    void endGuarantee() {
        guarantees.incrementAndGet();
    }

    boolean takeShared(long amount) {
        while (true) {
            long left = shared.get();
            if (left < amount) {
                return false;
            }
            if (shared.compareAndSet(left, left - amount)) {
                return true;
            }
        }
    }

    void giveShared(long amount) {
        shared.addAndGet(amount);
    }

    /** How much of the shared part is left. */
    long sharedLeft() {
        return shared.get();
    }

    String whenSpent() {
        return whenSpent;
    }
}

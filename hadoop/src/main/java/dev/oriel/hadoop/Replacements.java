package dev.oriel.hadoop;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Which inode stands for which. A file that is written anew has another inode in the cluster than before; guests go on
 * with the first that they were told, for as long as this is known. For all threads.
 */
final class Replacements {
    /** The files that were replaced longest ago are forgotten: a guest finds them again by name. */
    private static final int MOST = 100_000;

    /** A rename of a file takes no longer, or the cluster is away. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Map<Long, Long> firsts = new HashMap<>();
    private final Map<Long, Long> previous = new HashMap<>();
    private final Map<Long, Long> currents;
    private long changes;
    private int pending;

    Replacements() {
        currents = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
                if (size() <= MOST) {
                    return false;
                }
                firsts.remove(eldest.getValue());
                Long before = previous.remove(eldest.getKey());
                if (before != null) {
                    firsts.remove(before);
                }
                return true;
            }
        };
    }

    /** The inode that guests know for one of the cluster. */
    synchronized long first(long inode) {
        return firsts.getOrDefault(inode, inode);
    }

    /** The inode that the cluster has now for one that guests know. */
    synchronized long current(long first) {
        return currents.getOrDefault(first, first);
    }

    /**
     * {@code inode} is about to stand for what guests know as {@code first}: whoever finds it from now on finds that.
     *
     * @param inode 0 if inodes are not told, as {@code first}
     */
    synchronized void begin(long first, long inode) {
        pending++;
        if (first != 0 && inode > 0) {
            firsts.put(inode, first);
        }
    }

    /** It does now, or it was not done. */
    synchronized void end(long first, long inode, boolean done) {
        pending--;
        changes++;
        notifyAll();
        if (first == 0 || inode <= 0) {
            return;
        }
        if (!done) {
            firsts.remove(inode);
            return;
        }
        // the one before is known for one replacement more: somebody may just have found it
        Long before = currents.put(first, inode);
        Long gone = before == null ? null : previous.put(first, before);
        if (gone != null) {
            firsts.remove(gone);
        }
    }

    /** The size of a file is another in the cluster now: whoever asked before may have been told the old one. */
    synchronized void changed() {
        changes++;
    }

    /** Counts what was replaced and changed. */
    synchronized long changes() {
        return changes;
    }

    /**
     * Whether anything was replaced or changed since, or is being replaced: waits until that is done.
     *
     * @param since what {@link #changes} told
     */
    synchronized boolean haveChanged(long since) {
        boolean isBusy = pending > 0;
        long end = System.nanoTime() + PATIENCE_NANOS;
        try {
            for (long left = PATIENCE_NANOS; pending > 0 && left > 0; left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
        return isBusy || changes != since;
    }
}

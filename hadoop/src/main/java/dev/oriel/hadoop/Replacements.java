package dev.oriel.hadoop;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which inode stands for which. A file that is written anew has another inode in the cluster than before; guests go on
 * with the first that they were told, for as long as this is known. For all threads.
 */
final class Replacements {
    /** The files that were replaced longest ago are forgotten: a guest finds them again by name. */
    private static final int MOST = 100_000;

    private final Map<Long, Long> firsts = new HashMap<>();
    private final Map<Long, Long> currents;

    Replacements() {
        currents = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
                if (size() <= MOST) {
                    return false;
                }
                firsts.remove(eldest.getValue());
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

    /** From now on {@code inode} stands for what guests know as {@code first}. */
    synchronized void replace(long first, long inode) {
        Long before = currents.put(first, inode);
        if (before != null) {
            firsts.remove(before);
        }
        firsts.put(inode, first);
    }
}

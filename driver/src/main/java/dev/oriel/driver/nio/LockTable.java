package dev.oriel.driver.nio;

import java.nio.channels.Channel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The locks that channels of one file system have or wait for: java.nio promises one holder of a range in a JVM, where
 * the device would let a second channel wait for the first. Any thread.
 */
final class LockTable {
    /** By the number of the node; guarded by this. */
    private final Map<Long, List<FileLock>> locks = new HashMap<>();

    /**
     * Enters a lock that is about to be taken.
     *
     * @throws OverlappingFileLockException if a channel has or waits for one that overlaps it
     */
    synchronized void add(long nodeid, FileLock lock) {
        List<FileLock> ofNode = locks.computeIfAbsent(nodeid, _ -> new ArrayList<>());
        for (FileLock other : ofNode) {
            if (other.overlaps(lock.position(), lock.size())) {
                throw new OverlappingFileLockException();
            }
        }
        ofNode.add(lock);
    }

    synchronized boolean contains(long nodeid, FileLock lock) {
        return locks.getOrDefault(nodeid, List.of()).stream().anyMatch(lock::equals);
    }

    /** Takes a lock out that was released or not got. */
    void remove(long nodeid, FileLock lock) {
        remove(nodeid, lock::equals);
    }

    /** Takes out all locks of a channel. */
    void removeAll(long nodeid, Channel channel) {
        remove(nodeid, each -> channel.equals(each.acquiredBy()));
    }

    private synchronized void remove(long nodeid, Predicate<FileLock> which) {
        List<FileLock> ofNode = locks.get(nodeid);
        if (ofNode != null) {
            ofNode.removeIf(which);
            if (ofNode.isEmpty()) {
                locks.remove(nodeid);
            }
        }
    }
}

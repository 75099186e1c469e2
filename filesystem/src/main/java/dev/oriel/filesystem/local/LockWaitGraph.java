package dev.oriel.filesystem.local;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who waits for a POSIX lock, in all sessions, so that owners who wait for each other are told EDEADLK (fcntl(2))
 * instead of waiting for ever. The host cannot find such a circle, as to it all owners are one process.
 *
 * <pre>
 *   owner A of session 1 -- waits for a range of --> file f <-- holds it -- owner B of session 2
 *        |                                                                       |
 *        +-- holds a range of --> file g <------------- waits for it ------------+
 * </pre>
 *
 * <p>For all threads.
 */
final class LockWaitGraph {
    /**
     * After a look at so many owners the search ends as if there was no circle: it is made again each time that a lock
     * is tried again.
     */
    private static final int MOST_LOOKS = 1024;

    private final Map<Key, Wait> waits = new HashMap<>();
    private final Map<Owner, List<Wait>> waitsOf = new HashMap<>();
    private final ConcurrentHashMap<FileId, Set<NodeLocks>> holders = new ConcurrentHashMap<>();

    /** A file, for all sessions the same. */
    record FileId(int major, int minor, long ino) {}

    /** An owner of locks, whatever the file. */
    record Owner(PosixLocks session, long id) {}

    /** A request of a session. */
    private record Key(PosixLocks session, long unique) {}

    private record Wait(Owner owner, FileId file, int type, long start, long end) {}

    /** Locks of a session on a file, from the first to the last of them. */
    void add(NodeLocks locks) {
        holders.compute(locks.file(), (file, all) -> {
            Set<NodeLocks> more = all == null ? ConcurrentHashMap.newKeySet() : all;
            more.add(locks);
            return more;
        });
    }

    void remove(NodeLocks locks) {
        holders.computeIfPresent(locks.file(), (file, all) -> {
            all.remove(locks);
            return all.isEmpty() ? null : all;
        });
    }

    /**
     * Notes that a request waits, again if it does so already.
     *
     * @return false if it would wait for ever: it is not noted
     */
    synchronized boolean begin(PosixLocks session, long unique, long id, FileId file, int type, long start, long end) {
        Owner owner = new Owner(session, id);
        Wait wait = new Wait(owner, file, type, start, end);
        end(session, unique);
        if (closesCircle(wait)) {
            return false;
        }
        waits.put(new Key(session, unique), wait);
        waitsOf.computeIfAbsent(owner, first -> new ArrayList<>()).add(wait);
        return true;
    }

    /** A request does not wait any more, if it did. */
    synchronized void end(PosixLocks session, long unique) {
        Wait ended = waits.remove(new Key(session, unique));
        if (ended != null) {
            waitsOf.computeIfPresent(ended.owner, (owner, all) -> {
                all.remove(ended);
                return all.isEmpty() ? null : all;
            });
        }
    }

    /** A session ends, and with it all its waits. */
    synchronized void end(PosixLocks session) {
        waits.keySet().removeIf(key -> key.session == session);
        waitsOf.keySet().removeIf(owner -> owner.session == session);
    }

    private boolean closesCircle(Wait first) {
        ArrayDeque<Wait> next = new ArrayDeque<>(List.of(first));
        Set<Owner> seen = new HashSet<>();
        List<Owner> blockers = new ArrayList<>();
        int looks = MOST_LOOKS;
        while (!next.isEmpty() && looks > 0) {
            Wait wait = next.remove();
            blockers.clear();
            for (NodeLocks locks : holders.getOrDefault(wait.file, Set.of())) {
                looks -= locks.addBlockers(wait.owner, wait.type, wait.start, wait.end, looks, blockers);
            }
            for (Owner blocker : blockers) {
                if (blocker.equals(first.owner)) {
                    return true;
                }
                if (seen.add(blocker)) {
                    next.addAll(waitsOf.getOrDefault(blocker, List.of()));
                }
            }
        }
        return false;
    }
}

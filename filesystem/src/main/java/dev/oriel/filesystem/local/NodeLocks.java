package dev.oriel.filesystem.local;

import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The owners of POSIX locks of one session on one node. All is guarded by its {@link #lock}, but {@link #file}. */
final class NodeLocks {
    private final PosixLocks session;
    private final LockWaitGraph.FileId file;
    private final Map<Long, LockOwner> owners = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private boolean ended;

    NodeLocks(PosixLocks session, LockWaitGraph.FileId file) {
        this.session = session;
        this.file = file;
    }

    /** Is held in system calls on the file, which the host may leave unanswered. */
    ReentrantLock lock() {
        return lock;
    }

    /** What the node is on the host. */
    LockWaitGraph.FileId file() {
        return file;
    }

    @Nullable
    LockOwner find(long id) {
        return owners.get(id);
    }

    void add(LockOwner owner) {
        owners.put(owner.id(), owner);
    }

    void remove(LockOwner owner) {
        owners.remove(owner.id());
    }

    Collection<LockOwner> owners() {
        return owners.values();
    }

    Iterator<LockOwner> iterator() {
        return owners.values().iterator();
    }

    /** Whether there are no owners any more, and this is not used again. */
    boolean isEnded() {
        return ended;
    }

    void markEnded() {
        ended = true;
    }

    /**
     * Adds those who keep a lock of another owner out; none while somebody changes the locks here.
     *
     * @param most how many owners to look at
     * @return how many were looked at
     */
    int addBlockers(
            LockWaitGraph.Owner waiting, int type, long start, long end, int most, List<LockWaitGraph.Owner> into) {
        if (!lock.tryLock()) {
            return 0;
        }
        try {
            int looks = 0;
            for (LockOwner owner : owners.values()) {
                if (looks >= most) {
                    break;
                }
                looks++;
                boolean self = waiting.session() == session && waiting.id() == owner.id();
                if (!self && owner.keepsOut(type, start, end)) {
                    into.add(new LockWaitGraph.Owner(session, owner.id()));
                }
            }
            return looks;
        } finally {
            lock.unlock();
        }
    }
}

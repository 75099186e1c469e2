package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FcntlCommand;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.OpenFlags;
import java.util.Iterator;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Locks of byte ranges, as the host sees them: the client's owners are many and this process is one, so each owner of a
 * lock on a node has an open file description of its own there, and locks are those of descriptions (F_OFD_SETLK,
 * fcntl(2)). They conflict with each other and with the locks of the host's processes.
 *
 * <p>A process's locks go when it closes any descriptor of the file (FLUSH), a description's when its last descriptor
 * is closed (RELEASE): each owner remembers through which handles it locked.
 */
final class PosixLocks {
    /** Most ranges of a session: the host searches all those of a file for each lock of one. */
    static final int MOST_RANGES = 4096;

    private static final long OFFSET_MAX = Long.MAX_VALUE;

    /** A lock that splits another one adds so many ranges. */
    private static final int MOST_ADDED = 2;

    private final SessionState state;
    private final LockWaitGraph waits;
    private final ConcurrentHashMap<Long, NodeLocks> nodes = new ConcurrentHashMap<>();
    private final Allowance ranges = new Budget(
                    MOST_RANGES,
                    1,
                    0,
                    "the guest holds " + MOST_RANGES + " ranges locked, which is the most, and gets ENOLCK for more")
            .open();

    PosixLocks(SessionState state, LockWaitGraph waits) {
        this.state = state;
        this.waits = waits;
    }

    /**
     * Takes, changes or drops a lock.
     *
     * @param file entered by the caller
     * @return 0; -EAGAIN if another holds it; -ENOLCK if the client holds as many as it may
     */
    int set(OpenFile file, long owner, FileLock lock) {
        int type = lock.type;
        long start = lock.start;
        long end = lock.end;
        int pid = lock.pid;
        if (type < FlockBuffer.F_RDLCK || type > FlockBuffer.F_UNLCK || start < 0 || end < start) {
            return -Errno.EINVAL;
        }
        while (true) {
            NodeLocks locks = nodes.computeIfAbsent(file.nodeid(), this::begin);
            locks.lock().lock();
            try {
                if (locks.isEnded()) {
                    continue;
                }
                int result = set(locks, file, owner, type, start, end, pid);
                endIfEmpty(file.nodeid(), locks);
                return result;
            } finally {
                locks.lock().unlock();
            }
        }
    }

    private NodeLocks begin(long nodeid) {
        NodeLocks locks = new NodeLocks(this, state.nodes.fileId(nodeid));
        waits.add(locks);
        return locks;
    }

    /**
     * A request whose lock another holds is to wait, or goes on waiting.
     *
     * @return 0, or -EDEADLK if the one that it waits for waits for its owner
     */
    int await(long unique, OpenFile file, long owner, FileLock lock) {
        LockWaitGraph.FileId id = state.nodes.fileId(file.nodeid());
        return waits.begin(this, unique, owner, id, lock.type, lock.start, lock.end) ? 0 : -Errno.EDEADLK;
    }

    /** A request does not wait any more. */
    void endWait(long unique) {
        waits.end(this, unique);
    }

    private int set(NodeLocks locks, OpenFile file, long id, int type, long start, long end, int pid) {
        LockOwner owner = locks.find(id);
        if (owner == null) {
            if (type == FlockBuffer.F_UNLCK) {
                return 0;
            }
            int descriptor = open(file);
            if (descriptor < 0) {
                return descriptor;
            }
            owner = new LockOwner(id, descriptor);
            locks.add(owner);
        }
        int room = ranges.take(MOST_ADDED) ? MOST_ADDED : 0;
        if (room == 0 && (type != FlockBuffer.F_UNLCK || owner.isSplitBy(start, end))) {
            closeIfUnused(locks, owner);
            return -Errno.ENOLCK;
        }
        int before = owner.count();
        FlockBuffer flock = ThreadBuffers.current().lock;
        flock.set(type, start, end == OFFSET_MAX ? 0 : end - start + 1);
        int result = FileCalls.fcntl(owner.descriptor(), FcntlCommand.F_OFD_SETLK, flock);
        if (result == 0) {
            owner.record(type, start, end, pid, file.number());
            file.rememberLock();
        }
        ranges.give(room + before - owner.count());
        closeIfUnused(locks, owner);
        return result == -Errno.EACCES ? -Errno.EAGAIN : result;
    }

    private void closeIfUnused(NodeLocks locks, LockOwner owner) {
        if (owner.holdsNothing()) {
            locks.remove(owner);
            close(owner);
        }
    }

    /** Opens the file once more: a write lock wants it open for writing, a read lock for reading. */
    private int open(OpenFile file) {
        if (!state.handles.reserve()) {
            return -Errno.ENOLCK;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        int wide = state.isReadOnly() ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR;
        int descriptor = state.nodes.open(file.descriptor(), wide, buffers);
        if (descriptor < 0 && wide == OpenFlags.O_RDWR) {
            // Running, immutable, or on a file system that is mounted read-only.
            int narrow = state.nodes.open(file.descriptor(), OpenFlags.O_RDONLY, buffers);
            descriptor = narrow >= 0 ? narrow : descriptor;
        }
        if (descriptor < 0) {
            state.handles.unreserve();
        }
        return descriptor;
    }

    /**
     * Says which lock stands in the way.
     *
     * @param file entered by the caller
     * @param out gets it, or F_UNLCK
     */
    int get(OpenFile file, long id, FileLock lock, FileLock out) {
        int type = lock.type;
        long start = lock.start;
        long end = lock.end;
        if (type < FlockBuffer.F_RDLCK || type > FlockBuffer.F_WRLCK || start < 0 || end < start) {
            return -Errno.EINVAL;
        }
        FlockBuffer flock = ThreadBuffers.current().lock;
        flock.set(type, start, end == OFFSET_MAX ? 0 : end - start + 1);
        NodeLocks locks = nodes.get(file.nodeid());
        if (locks == null) {
            int result = FileCalls.fcntl(file.descriptor(), FcntlCommand.F_OFD_GETLK, flock);
            return result < 0 ? result : report(flock, null, id, out);
        }
        locks.lock().lock();
        try {
            LockOwner owner = locks.find(id);
            int descriptor = owner == null ? file.descriptor() : owner.descriptor();
            int result = FileCalls.fcntl(descriptor, FcntlCommand.F_OFD_GETLK, flock);
            return result < 0 ? result : report(flock, locks, id, out);
        } finally {
            locks.lock().unlock();
        }
    }

    private static int report(FlockBuffer found, @Nullable NodeLocks locks, long asking, FileLock out) {
        out.type = found.type();
        if (found.type() == FlockBuffer.F_UNLCK) {
            return 0;
        }
        long start = found.start();
        long end = found.length() == 0 ? OFFSET_MAX : start + found.length() - 1;
        int pid = Math.max(found.pid(), 0);
        if (locks != null) {
            for (LockOwner other : locks.owners()) {
                if (other.id() != asking && other.keepsOut(FlockBuffer.F_WRLCK, start, end)) {
                    pid = other.pid();
                }
            }
        }
        out.start = start;
        out.end = end;
        out.pid = pid;
        return 0;
    }

    /** A process closed a descriptor of the file: all its locks there go (fcntl(2)). */
    void flush(long nodeid, long id) {
        drop(nodeid, id, 0);
    }

    /** The last close of a handle: the locks of its open file description go. */
    void release(long nodeid, long fh) {
        drop(nodeid, 0, fh);
    }

    /** @param fh 0 to drop by owner */
    private void drop(long nodeid, long id, long fh) {
        if (nodes.isEmpty()) {
            return;
        }
        NodeLocks locks = nodes.get(nodeid);
        if (locks == null) {
            return;
        }
        locks.lock().lock();
        try {
            for (Iterator<LockOwner> all = locks.iterator(); all.hasNext(); ) {
                LockOwner owner = all.next();
                if (fh != 0 ? owner.lockedThrough(fh) : owner.id() == id) {
                    all.remove();
                    close(owner);
                }
            }
            endIfEmpty(nodeid, locks);
        } finally {
            locks.lock().unlock();
        }
    }

    private void endIfEmpty(long nodeid, NodeLocks locks) {
        if (locks.owners().isEmpty() && !locks.isEnded()) {
            locks.markEnded();
            nodes.remove(nodeid, locks);
            waits.remove(locks);
        }
    }

    private void close(LockOwner owner) {
        FileCalls.close(owner.descriptor());
        state.handles.unreserve();
        ranges.give(owner.count());
    }

    /** Drops all locks. */
    void close() {
        for (NodeLocks locks : nodes.values()) {
            locks.lock().lock();
            try {
                locks.owners().forEach(this::close);
                locks.owners().clear();
                locks.markEnded();
            } finally {
                locks.lock().unlock();
            }
            waits.remove(locks);
        }
        nodes.clear();
        waits.end(this);
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.fuse.FuseFileLock;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FcntlCommand;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.OpenFlags;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Locks of byte ranges, as the host sees them: the client's owners are many and this process is one, so each owner of a lock on a
 * node has an open file description of its own there, and locks are those of descriptions (F_OFD_SETLK, fcntl(2)). They conflict
 * with each other and with the locks of the host's processes.
 *
 * <p>A process's locks go when it closes any descriptor of the file (FLUSH), a description's when its last descriptor is closed
 * (RELEASE): each owner remembers through which handles it locked.
 */
final class PosixLocks {
    private static final long OFFSET_MAX = Long.MAX_VALUE;

    private final Share share;
    private final ConcurrentHashMap<Long, NodeLocks> nodes = new ConcurrentHashMap<>();

    PosixLocks(Share share) {
        this.share = share;
    }

    /** The owners on one node; guarded by its monitor. */
    private static final class NodeLocks {
        private final List<LockOwner> owners = new ArrayList<>();
        private boolean ended;

        @Nullable
        LockOwner find(long id) {
            for (LockOwner owner : owners) {
                if (owner.id() == id) {
                    return owner;
                }
            }
            return null;
        }
    }

    /**
     * Takes, changes or drops a lock.
     *
     * @param file entered by the caller
     * @return 0; -EAGAIN if another holds it
     */
    int set(OpenFile file, long owner, FuseFileLock lock) {
        int type = lock.type();
        long start = lock.start();
        long end = lock.end();
        int pid = lock.pid();
        if (type < FlockBuffer.F_RDLCK || type > FlockBuffer.F_UNLCK || start < 0 || end < start) {
            return -Errno.EINVAL;
        }
        while (true) {
            NodeLocks locks = nodes.computeIfAbsent(file.nodeid(), node -> new NodeLocks());
            synchronized (locks) {
                if (locks.ended) {
                    continue;
                }
                int result = set(locks, file, owner, type, start, end, pid);
                endIfEmpty(file.nodeid(), locks);
                return result;
            }
        }
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
            locks.owners.add(owner);
        }
        FlockBuffer flock = ThreadBuffers.current().lock;
        flock.set(type, start, end == OFFSET_MAX ? 0 : end - start + 1);
        int result = FileCalls.fcntl(owner.descriptor(), FcntlCommand.F_OFD_SETLK, flock);
        if (result == 0) {
            owner.record(type, start, end, pid, file.number());
            file.rememberLock();
        }
        if (owner.holdsNothing()) {
            locks.owners.remove(owner);
            close(owner);
        }
        return result == -Errno.EACCES ? -Errno.EAGAIN : result;
    }

    /** Opens the file once more: a write lock wants it open for writing, a read lock for reading. */
    private int open(OpenFile file) {
        if (!share.handles.reserve()) {
            return -Errno.ENOLCK;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        int wide = share.isReadOnly() ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR;
        int descriptor = share.nodes.open(file.descriptor(), wide, buffers);
        if (descriptor < 0 && wide == OpenFlags.O_RDWR) {
            // Running, immutable, or on a file system that is mounted read-only.
            int narrow = share.nodes.open(file.descriptor(), OpenFlags.O_RDONLY, buffers);
            descriptor = narrow >= 0 ? narrow : descriptor;
        }
        if (descriptor < 0) {
            share.handles.unreserve();
        }
        return descriptor;
    }

    /**
     * Says which lock stands in the way.
     *
     * @param file entered by the caller
     * @param out gets it, or F_UNLCK
     */
    int get(OpenFile file, long id, FuseFileLock lock, FuseFileLock out) {
        int type = lock.type();
        long start = lock.start();
        long end = lock.end();
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
        synchronized (locks) {
            LockOwner owner = locks.find(id);
            int descriptor = owner == null ? file.descriptor() : owner.descriptor();
            int result = FileCalls.fcntl(descriptor, FcntlCommand.F_OFD_GETLK, flock);
            return result < 0 ? result : report(flock, locks, id, out);
        }
    }

    private static int report(FlockBuffer found, @Nullable NodeLocks locks, long asking, FuseFileLock out) {
        out.type(found.type());
        if (found.type() == FlockBuffer.F_UNLCK) {
            return 0;
        }
        long start = found.start();
        long end = found.length() == 0 ? OFFSET_MAX : start + found.length() - 1;
        int pid = Math.max(found.pid(), 0);
        if (locks != null) {
            for (LockOwner other : locks.owners) {
                if (other.id() != asking && other.holds(start, end)) {
                    pid = other.pid();
                }
            }
        }
        out.start(start).end(end).pid(pid);
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
        synchronized (locks) {
            for (Iterator<LockOwner> all = locks.owners.iterator(); all.hasNext(); ) {
                LockOwner owner = all.next();
                if (fh != 0 ? owner.lockedThrough(fh) : owner.id() == id) {
                    all.remove();
                    close(owner);
                }
            }
            endIfEmpty(nodeid, locks);
        }
    }

    private void endIfEmpty(long nodeid, NodeLocks locks) {
        if (locks.owners.isEmpty() && !locks.ended) {
            locks.ended = true;
            nodes.remove(nodeid, locks);
        }
    }

    private void close(LockOwner owner) {
        FileCalls.close(owner.descriptor());
        share.handles.unreserve();
    }

    /** Drops all locks. */
    void close() {
        for (NodeLocks locks : nodes.values()) {
            synchronized (locks) {
                locks.owners.forEach(this::close);
                locks.owners.clear();
                locks.ended = true;
            }
        }
        nodes.clear();
    }
}

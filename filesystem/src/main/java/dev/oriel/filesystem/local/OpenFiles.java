package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.NameCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** OPEN, CREATE, TMPFILE, FLUSH, RELEASE, FSYNC: from a node to an open file and back. */
final class OpenFiles {
    private static final int PERMISSIONS = 07777;
    private static final MemorySegment DOT = CString.of(".", Arena.global());

    /** What the client may decide of the open on the host; all else is its own matter. */
    private static final int PASSED_ON = OpenFlags.O_ACCMODE
            | OpenFlags.O_APPEND
            | OpenFlags.O_TRUNC
            | OpenFlags.O_DSYNC
            | OpenFlags.O_SYNC
            | OpenFlags.O_DIRECT
            | OpenFlags.O_NOATIME;

    private final SessionState state;
    private final PosixLocks locks;

    OpenFiles(SessionState state, PosixLocks locks) {
        this.state = state;
        this.locks = locks;
    }

    /** The flags to open with on the host. */
    private int hostFlags(int flags) {
        int host = flags & PASSED_ON;
        if (!state.options.allowDirectIo()) {
            host &= ~OpenFlags.O_DIRECT;
        }
        if (state.isReadOnly()) {
            host |= OpenFlags.O_NOATIME;
        } else if (!state.options.preserveNoatime()) {
            host &= ~OpenFlags.O_NOATIME;
        }
        if (state.has(FuseInitFlags.WRITEBACK_CACHE)) {
            // The client reads what it writes a part of, and it alone knows where the end of the file is.
            if ((host & OpenFlags.O_ACCMODE) == OpenFlags.O_WRONLY) {
                host = (host & ~OpenFlags.O_ACCMODE) | OpenFlags.O_RDWR;
            }
            host &= ~OpenFlags.O_APPEND;
        }
        return host;
    }

    private static boolean modifies(int flags) {
        return (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY || (flags & OpenFlags.O_TRUNC) != 0;
    }

    int open(long nodeid, int flags, int openFlags, Opened out) {
        if (state.zeroMessage) {
            // tells the client not to ask again, neither here nor at close
            return -Errno.ENOSYS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result = Nodes.openable(state.nodes.type(nodeid));
        if (result == 0 && state.isReadOnly() && modifies(flags)) {
            result = -Errno.EROFS;
        }
        if (result == 0 && modifies(flags) && isLost((int) node, nodeid, buffers)) {
            result = -Errno.ESTALE;
        }
        if (result == 0) {
            result = open((int) node, nodeid, hostFlags(flags), openFlags, out, buffers);
        }
        state.nodes.release(nodeid, node);
        return result;
    }

    /**
     * Whether a file has no name any more and the client has not opened it: then the client means a name that the host
     * has removed, and what it wrote would be lost. ESTALE makes it look the name up again.
     */
    private boolean isLost(int path, long nodeid, ThreadBuffers buffers) {
        StatxBuffer stat = buffers.stat;
        int result =
                FileCalls.statx(path, ThreadBuffers.EMPTY, ThreadBuffers.AT_EMPTY_PATH, StatxBuffer.STATX_NLINK, stat);
        return result == 0 && stat.nlink() == 0 && !state.handles.isOpen(nodeid) && countsLinks(buffers);
    }

    /** Whether the host's file system tells how many names a file has: some on FUSE say 0 of all. */
    private boolean countsLinks(ThreadBuffers buffers) {
        StatxBuffer stat = buffers.stat;
        long root = state.nodes.acquire(FileSystemSession.ROOT, buffers);
        if (root < 0) {
            return true;
        }
        int result = FileCalls.statx(
                (int) root, ThreadBuffers.EMPTY, ThreadBuffers.AT_EMPTY_PATH, StatxBuffer.STATX_NLINK, stat);
        state.nodes.release(FileSystemSession.ROOT, root);
        return result < 0 || stat.nlink() != 0;
    }

    /** Opens the regular file of an O_PATH descriptor. */
    private int open(int path, long nodeid, int hostFlags, int openFlags, Opened out, ThreadBuffers buffers) {
        if (!state.handles.reserve()) {
            return -Errno.ENFILE;
        }
        state.killSuidgid((openFlags & FuseFlags.OPEN_KILL_SUIDGID) != 0, buffers);
        int opened;
        int resumed;
        try {
            opened = state.nodes.open(path, hostFlags, buffers);
        } finally {
            resumed = buffers.identity.resume();
        }
        if (opened >= 0 && resumed < 0) {
            FileCalls.close(opened);
            opened = resumed;
        }
        if (opened < 0) {
            state.handles.unreserve();
            return opened;
        }
        handOut(opened, nodeid, hostFlags, out);
        return 0;
    }

    /** Makes a handle of an open descriptor, for which there was a reservation. */
    private void handOut(int opened, long nodeid, int hostFlags, Opened out) {
        OpenFile file = new OpenFile(opened, nodeid, hostFlags, state.nodes.mountOf(nodeid));
        state.handles.add(file);
        out.fh = file.number();
        out.openFlags = state.options.cache().fileOpenFlags();
    }

    int create(Request request, long parent, Name name, int flags, int mode, int umask, Entry entry, Opened out) {
        int bad = SessionState.check(name);
        if (bad < 0) {
            return bad;
        }
        if (state.zeroMessage) {
            // with MKNOD there is no handle that nobody would release
            return -Errno.ENOSYS;
        }
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long directory = state.nodes.acquire(parent, buffers);
        if (directory < 0) {
            return (int) directory;
        }
        int hostFlags = hostFlags(flags);
        int create = OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOFOLLOW;
        int result = state.lookup.reserve(name.length(), buffers);
        if (result == 0) {
            try {
                result = makeOpen(
                        request, parent, (int) directory, name, hostFlags, create, mode, umask, entry, out, buffers);
                if (result == -Errno.EEXIST && (flags & OpenFlags.O_EXCL) == 0) {
                    // The client saw no such name, and has not checked who may open what is there by now. ESTALE
                    // makes it look the name up again, and then open it.
                    result = -Errno.ESTALE;
                }
            } finally {
                state.lookup.unreserve(buffers);
            }
        }
        state.nodes.release(parent, directory);
        return result;
    }

    int tmpfile(Request request, long parent, int flags, int mode, int umask, Entry entry, Opened out, Name noName) {
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long directory = state.nodes.acquire(parent, buffers);
        if (directory < 0) {
            return (int) directory;
        }
        int create = OpenFlags.O_TMPFILE | (flags & OpenFlags.O_EXCL);
        int hostFlags = hostFlags(flags) & ~OpenFlags.O_TRUNC;
        int result = state.lookup.reserve(0, buffers);
        if (result == 0) {
            try {
                result = makeOpen(
                        request, parent, (int) directory, noName, hostFlags, create, mode, umask, entry, out, buffers);
            } finally {
                state.lookup.unreserve(buffers);
            }
        }
        state.nodes.release(parent, directory);
        return result;
    }

    /**
     * Makes a file and opens it, in one step: a file of mode 0444 that its maker writes to could not be opened after.
     *
     * @param create O_CREAT and so on; or O_TMPFILE, for a file without a name
     */
    private int makeOpen(
            Request request,
            long parent,
            int directory,
            Name name,
            int hostFlags,
            int create,
            int mode,
            int umask,
            Entry entry,
            Opened out,
            ThreadBuffers buffers) {
        boolean named = (create & OpenFlags.O_CREAT) != 0;
        if (!state.handles.reserve()) {
            return -Errno.ENFILE;
        }
        MemorySegment path = named ? name.segment() : DOT;
        int flags = (hostFlags & ~OpenFlags.O_NOATIME) | create;
        int opened = makeAs(request, directory, path, flags, mode, umask, buffers);
        if (opened == -Errno.EMFILE || opened == -Errno.ENFILE) {
            state.nodes.shrink();
            opened = makeAs(request, directory, path, flags, mode, umask, buffers);
        }
        int result = Math.min(opened, 0);
        if (result == 0) {
            result = SecurityContexts.set(request, opened, buffers);
            if (result < 0 && named) {
                NameCalls.unlinkat(directory, path, 0);
            }
        }
        if (result == 0) {
            result = state.lookup.enterNew(
                    opened, ThreadBuffers.EMPTY, ThreadBuffers.AT_EMPTY_PATH, parent, name.segment(), buffers);
        }
        if (result < 0) {
            if (opened >= 0) {
                FileCalls.close(opened);
            }
            state.handles.unreserve();
            return result;
        }
        state.fill(entry, parent, buffers);
        if (state.zeroMessage) {
            long nodeid = buffers.nodeid;
            result = state.lastNames.keepOpen(nodeid, opened, buffers);
            FileCalls.close(opened);
            state.handles.unreserve();
            if (result < 0) {
                state.nodes.forget(nodeid, 1);
                return result;
            }
            out.openFlags = state.options.cache().fileOpenFlags();
            return 0;
        }
        handOut(opened, buffers.nodeid, hostFlags, out);
        return 0;
    }

    private int makeAs(
            Request request, int directory, MemorySegment path, int flags, int mode, int umask, ThreadBuffers buffers) {
        int assumed = state.assumeToMake(request, umask, buffers);
        if (assumed < 0) {
            return assumed;
        }
        int opened;
        int resumed;
        try {
            opened = FileCalls.openat(directory, path, flags, mode & PERMISSIONS);
        } finally {
            resumed = buffers.identity.resume();
        }
        if (opened >= 0 && resumed < 0) {
            FileCalls.close(opened);
            return resumed;
        }
        return opened;
    }

    int flush(long nodeid, long fh, long lockOwner) {
        if (state.zeroMessage) {
            // there is nothing to do at close: the locks are the client's own
            return -Errno.ENOSYS;
        }
        OpenFile file = state.handles.enter(fh, nodeid, OpenFile.class);
        if (file == null) {
            return -Errno.EBADF;
        }
        int result = 0;
        if (modifies(file.flags())) {
            // close(2) of a second descriptor says what the last close would: network file systems report failed writes
            // there.
            int second = FileCalls.dup(file.descriptor());
            if (second >= 0) {
                result = FileCalls.close(second);
            }
        }
        file.leave();
        locks.flush(nodeid, lockOwner);
        return result;
    }

    int release(long nodeid, long fh) {
        if (!state.isHandle(fh)) {
            return 0;
        }
        OpenFile file = state.handles.enter(fh, nodeid, OpenFile.class);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (file.isLocked()) {
            locks.release(nodeid, fh);
        }
        file.leave();
        return state.handles.release(fh, nodeid) ? 0 : -Errno.EBADF;
    }

    /** The descriptor of an open file: it stays open until its handle is released. */
    int descriptor(long nodeid, long fh) {
        OpenFile file = state.handles.enter(fh, nodeid, OpenFile.class);
        if (file == null) {
            return -Errno.EBADF;
        }
        int descriptor = file.descriptor();
        file.leave();
        return descriptor;
    }

    int sync(Request request, long nodeid, long fh, boolean dataOnly) {
        if (!request.mayBlock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        OpenFile file = state.enterFile(fh, nodeid, false);
        if (file == null) {
            return state.notEntered(fh);
        }
        int result = dataOnly ? FileCalls.fdatasync(file.descriptor()) : FileCalls.fsync(file.descriptor());
        file.leave();
        return result;
    }

    int syncfs(Request request, long nodeid) {
        if (!request.mayBlock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result = state.nodes.open((int) node, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, buffers);
        state.nodes.release(nodeid, node);
        if (result >= 0) {
            int directory = result;
            result = FileCalls.syncfs(directory);
            FileCalls.close(directory);
        }
        return result;
    }
}

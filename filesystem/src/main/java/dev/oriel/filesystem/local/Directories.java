package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.At;
import dev.oriel.linux.DirentReader;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;
import java.lang.foreign.MemorySegment;

/** OPENDIR, READDIR, READDIRPLUS, RELEASEDIR, FSYNCDIR. */
final class Directories {
    private final SessionState state;

    Directories(SessionState state) {
        this.state = state;
    }

    int open(Request request, long nodeid, Opened out) {
        if (state.has(FuseInitFlags.NO_OPENDIR_SUPPORT)) {
            // tells the client not to ask again
            return -Errno.ENOSYS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node == -Errno.ESTALE
                && state.nodes.isGoneDirectory(nodeid)
                && state.removedDirectories.asksAgain(request, nodeid)) {
            return openGone(nodeid, out);
        }
        if (node < 0) {
            return (int) node;
        }
        int result = state.nodes.type(nodeid) == FileMode.S_IFDIR ? 0 : -Errno.ENOTDIR;
        if (result == 0
                && hasNoName((int) node, buffers)
                && !state.nodes.isKept(nodeid)
                && !state.removedDirectories.asksAgain(request, nodeid)) {
            result = -Errno.ESTALE;
        }
        if (result == 0 && !state.handles.reserve()) {
            result = -Errno.ENFILE;
        }
        if (result == 0) {
            int noatime = state.isReadOnly() ? OpenFlags.O_NOATIME : 0;
            result = state.nodes.open((int) node, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | noatime, buffers);
            if (result < 0) {
                state.handles.unreserve();
            } else {
                OpenDirectory directory = new OpenDirectory(result, nodeid, state.direntBuffers);
                state.handles.add(directory);
                out.fh = directory.number();
                out.openFlags = state.options.cache().directoryOpenFlags();
                result = 0;
            }
        }
        state.nodes.release(nodeid, node);
        return result;
    }

    private static boolean hasNoName(int directory, ThreadBuffers buffers) {
        int result = FileCalls.statx(
                directory, ThreadBuffers.EMPTY, ThreadBuffers.AT_EMPTY_PATH, StatxBuffer.STATX_NLINK, buffers.stat);
        return result == 0 && buffers.stat.nlink() == 0;
    }

    private int openGone(long nodeid, Opened out) {
        if (!state.handles.reserve()) {
            return -Errno.ENFILE;
        }
        OpenDirectory directory = new OpenDirectory(OpenDirectory.GONE, nodeid, state.direntBuffers);
        state.handles.add(directory);
        out.fh = directory.number();
        out.openFlags = state.options.cache().directoryOpenFlags();
        return 0;
    }

    int read(long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        ThreadBuffers buffers = ThreadBuffers.current();
        if (buffers.identity.isBroken()) {
            return -Errno.EIO;
        }
        OpenDirectory directory = state.enterDirectory(fh, nodeid);
        if (directory == null) {
            return state.notEntered(fh);
        }
        directory.lock().lock();
        try {
            int result = directory.seek(offset);
            return result < 0 ? result : deliver(directory, nodeid, plus, entries, buffers);
        } finally {
            directory.pause();
            directory.lock().unlock();
            directory.leave();
        }
    }

    private int deliver(
            OpenDirectory directory, long nodeid, boolean plus, DirectoryEntries entries, ThreadBuffers buffers) {
        boolean delivered = false;
        while (true) {
            int result = directory.next(buffers);
            if (result <= 0) {
                // An error is told when nothing else is: the client asks again from here.
                return delivered ? 0 : result;
            }
            boolean fitted = plus
                    ? addPlus(directory, nodeid, entries, buffers)
                    : add(directory.entry(), directory.memory(), nodeid, entries);
            if (!fitted) {
                return 0;
            }
            directory.delivered();
            delivered = true;
        }
    }

    private boolean add(DirentReader entry, MemorySegment memory, long nodeid, DirectoryEntries entries) {
        return entries.add(
                reportedIno(entry, nodeid), entry.off(), entry.type(), memory, entry.nameOffset(), entry.nameLength());
    }

    /** The number of an entry; what lies above the shared directory is nobody's business. */
    private long reportedIno(DirentReader entry, long nodeid) {
        boolean above = nodeid == FileSystemSession.ROOT && entry.nameLength() == 2 && entry.isDotOrDotDot();
        return state.nodes.mountOf(nodeid).reported(above ? state.nodes.rootIno() : entry.ino());
    }

    private boolean addPlus(OpenDirectory directory, long nodeid, DirectoryEntries entries, ThreadBuffers buffers) {
        DirentReader entry = directory.entry();
        MemorySegment memory = directory.memory();
        if (!entries.fits(entry.nameLength())) {
            return false;
        }
        if (!entry.isDotOrDotDot() && state.lookup.hasRoomToList()) {
            // A copy, as a part of the buffer would be an object of its own for each entry.
            MemorySegment name = buffers.listedName;
            MemorySegment.copy(memory, entry.nameOffset(), name, 0, entry.nameLength());
            name.set(JAVA_BYTE, entry.nameLength(), (byte) 0);
            // A mount that waits to be triggered stays so: listing a directory is not visiting all in it.
            int result = state.lookup.enter(directory.descriptor(), name, At.AT_NO_AUTOMOUNT, nodeid, name, buffers);
            if (result == 0) {
                long node = buffers.nodeid; // whoever takes the entry may ask for more of this thread
                Entry found = entries.entry();
                state.fill(found, nodeid, buffers);
                boolean added = entries.add(found, entry.off(), memory, entry.nameOffset(), entry.nameLength());
                if (!added) {
                    state.nodes.forget(node, 1);
                }
                return added;
            }
            // One that is gone by now, or for which there is no room, is listed without its node: the client looks it
            // up if it wants it.
        }
        return add(entry, memory, nodeid, entries);
    }

    int release(long nodeid, long fh) {
        if (!state.isHandle(fh)) {
            return 0;
        }
        return state.handles.release(fh, nodeid) ? 0 : -Errno.EBADF;
    }

    int sync(Request request, long nodeid, long fh, boolean dataOnly) {
        if (!request.mayBlock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        OpenDirectory directory = state.enterDirectory(fh, nodeid);
        if (directory == null) {
            return state.notEntered(fh);
        }
        int descriptor = directory.descriptor();
        int result = 0;
        if (!directory.isGone()) {
            result = dataOnly ? FileCalls.fdatasync(descriptor) : FileCalls.fsync(descriptor);
        }
        directory.leave();
        return result;
    }
}

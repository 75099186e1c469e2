package dev.oriel.device.dax;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;

/**
 * A session whose client has a DAX window: what is read by request has what was stored through the window, and what is
 * changed by request is seen through it.
 *
 * <p>A request that would wait for the window is served where it may block: never on the thread of a queue.
 */
public final class DaxSession extends ForwardingSession {
    private final FileSystemSession session;
    private final DaxWindow window;

    private final ThreadLocal<DaxDirectoryEntries> entries;

    public DaxSession(FileSystemSession session, DaxWindow window) {
        this.session = session;
        this.window = window;
        entries = ThreadLocal.withInitial(() -> new DaxDirectoryEntries(this, window));
    }

    @Override
    protected FileSystemSession delegate() {
        return session;
    }

    /** SETUPMAPPING. */
    public int setupMapping(Request request, long nodeid, long fileOffset, long length, long flags, long offset) {
        return request.mayBlock() ? window.setup(session, nodeid, fileOffset, length, flags, offset) : WOULD_BLOCK;
    }

    /** One range of a REMOVEMAPPING. */
    public int removeMapping(Request request, long offset, long length) {
        return request.mayBlock() ? window.remove(session, offset, length) : WOULD_BLOCK;
    }

    /**
     * Has the stores of the client written to the file.
     *
     * @return 0; an errno, if some of them are still not there; or {@link #WOULD_BLOCK}
     */
    private int written(Request request, long nodeid) {
        if (!window.concerns(nodeid)) {
            return 0;
        }
        return request.mayBlock() ? window.writeBack(session, nodeid) : WOULD_BLOCK;
    }

    /**
     * The errno for an open file that asks whether its bytes are safe.
     *
     * @param unwritten what {@link #written} answered
     */
    private int told(long nodeid, long fh, int unwritten) {
        int before = window.errors().tell(nodeid, fh);
        return unwritten != 0 ? unwritten : before;
    }

    /**
     * Whether a client must ask each time: what it stores by itself changes the times and, in a hole, the blocks. Linux
     * does not forget attributes that it knows when it opens a file to store into it.
     */
    private boolean changesUnseen(Attributes attributes) {
        boolean reached =
                (attributes.flags & FuseFlags.ATTR_DAX) != 0 || (session.flags() & FuseInitFlags.HAS_INODE_DAX) == 0;
        return reached && isWritableFile(attributes);
    }

    private boolean isWritableFile(Attributes attributes) {
        return !session.isReadOnly() && (attributes.mode & FileMode.S_IFMT) == FileMode.S_IFREG;
    }

    /**
     * A client that is told ENOSYS asks no more, and what it stores into the window would not be written when it wants
     * that.
     */
    private static int served(int result) {
        return result == -Errno.ENOSYS ? 0 : result;
    }

    /**
     * Limits how long the client may remember attributes that it is told. The size of a block is left to it: Linux
     * writes pages of a window back only if a block is as large as a page, which it has of 4, 16 or 64 KiB (EIO
     * otherwise).
     */
    void limit(Attributes told) {
        told.blksize = 0;
        if (changesUnseen(told)) {
            told.validNanos = 0;
        }
    }

    /** Before an entry tells a size the window has what the file holds up to there. */
    private int renewed(Entry told) {
        return told.nodeid == 0 || !window.concerns(told.nodeid)
                ? 0
                : window.attributes(session, told.nodeid, NO_HANDLE, told.attributes);
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        int error = session.lookup(request, parent, name, out);
        if (error != 0) {
            return error;
        }
        long nodeid = out.nodeid;
        if (nodeid != 0 && window.concerns(nodeid) && !request.mayBlock()) {
            session.forget(nodeid, 1);
            return WOULD_BLOCK;
        }
        error = renewed(out);
        if (error != 0) {
            session.forget(nodeid, 1);
            return error;
        }
        limit(out.attributes);
        return 0;
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        int error;
        if (!window.concerns(nodeid)) {
            error = session.getattr(request, nodeid, fh, out);
        } else if (request.mayBlock()) {
            error = window.attributes(session, nodeid, fh, out);
        } else {
            return WOULD_BLOCK;
        }
        limit(out);
        return error;
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        // first, or else the times that are set would be those of the writing
        if (written(request, nodeid) == WOULD_BLOCK) {
            return WOULD_BLOCK;
        }
        int counter = request.mayBlock() ? 0 : window.enter(nodeid);
        if (counter < 0) {
            return WOULD_BLOCK;
        }
        int error;
        try {
            error = session.setattr(request, nodeid, in, out);
        } finally {
            if (!request.mayBlock()) {
                window.leave(counter);
            }
        }
        if (error == 0 && request.mayBlock() && window.concerns(nodeid)) {
            if ((in.valid & FuseFlags.FATTR_SIZE) != 0) {
                // Nothing but what lies between the two sizes.
                window.changed(session, nodeid, Long.MAX_VALUE, 0);
            }
            error = window.attributes(session, nodeid, NO_HANDLE, out);
        }
        limit(out);
        return error;
    }

    @Override
    public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        if ((session.flags() & FuseInitFlags.HAS_INODE_DAX) != 0) {
            // The reply has no room for ATTR_DAX, and a Linux that misses it takes DAX away from the node.
            return -Errno.ENOSYS;
        }
        boolean concerned = window.concerns(nodeid);
        long size = 0;
        if (concerned) {
            int error = request.mayBlock() ? window.attributes(session, nodeid, fh, out) : WOULD_BLOCK;
            if (error != 0) {
                return error;
            }
            size = out.size;
            out.clear();
        }
        int error = session.statx(request, nodeid, fh, syncFlags, mask, out);
        if (error != 0) {
            return error;
        }
        if (concerned) {
            // of what was added since the window has nothing
            out.size = size;
        }
        out.blksize = 0;
        if (isWritableFile(out)) {
            out.validNanos = 0;
        }
        return 0;
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        if (window.concerns(nodeid) && !request.mayBlock()) {
            return WOULD_BLOCK;
        }
        int error = session.link(request, nodeid, newParent, newName, out);
        if (error == 0) {
            if (request.mayBlock()) {
                int _ = renewed(out);
            }
            limit(out.attributes);
        }
        return error;
    }

    @Override
    public int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
        if (written(request, nodeid) == WOULD_BLOCK) {
            return WOULD_BLOCK;
        }
        int counter = request.mayBlock() ? 0 : window.enter(nodeid);
        if (counter < 0) {
            return WOULD_BLOCK;
        }
        int error;
        try {
            error = session.open(request, nodeid, flags, openFlags, out);
        } finally {
            if (!request.mayBlock()) {
                window.leave(counter);
            }
        }
        if (error == 0) {
            if (request.mayBlock() && window.concerns(nodeid)) {
                window.refresh(session, nodeid);
            }
            window.errors().opened(nodeid, out.fh);
        }
        return error;
    }

    @Override
    public int create(
            Request request,
            long parent,
            Name name,
            int flags,
            int mode,
            int umask,
            int openFlags,
            Entry entry,
            Opened out) {
        int error = session.create(request, parent, name, flags, mode, umask, openFlags, entry, out);
        if (error != 0) {
            return error;
        }
        long nodeid = entry.nodeid;
        if (window.concerns(nodeid)) {
            // So it was there before, and is opened once more.
            if (!request.mayBlock()) {
                int _ = session.release(request, nodeid, out.fh, flags, 0, 0);
                session.forget(nodeid, 1);
                return WOULD_BLOCK;
            }
            window.refresh(session, nodeid);
            int _ = renewed(entry);
        }
        window.errors().opened(nodeid, out.fh);
        limit(entry.attributes);
        return 0;
    }

    @Override
    public int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        int error = session.tmpfile(request, parent, flags, mode, umask, openFlags, entry, out);
        if (error == 0) {
            window.errors().opened(entry.nodeid, out.fh);
            limit(entry.attributes);
        }
        return error;
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
        // without what could not be written it would read what the file held before
        int error = written(request, nodeid);
        return error != 0 ? error : session.read(request, nodeid, fh, offset, flags, to);
    }

    @Override
    public long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        if (!request.mayBlock()) {
            int counter = window.enter(nodeid);
            if (counter < 0) {
                return WOULD_BLOCK;
            }
            try {
                return session.write(request, nodeid, fh, offset, flags, writeFlags, from);
            } finally {
                window.leave(counter);
            }
        }
        int _ = written(request, nodeid);
        long count = session.write(request, nodeid, fh, offset, flags, writeFlags, from);
        if (count > 0 && window.concerns(nodeid)) {
            boolean appended = (flags & OpenFlags.O_APPEND) != 0;
            window.changed(
                    session, nodeid, appended ? Long.MAX_VALUE : offset, appended ? Long.MAX_VALUE : offset + count);
        }
        return count;
    }

    @Override
    public int flush(Request request, long nodeid, long fh, long lockOwner) {
        int error = written(request, nodeid);
        if (error == WOULD_BLOCK) {
            return error;
        }
        int result = served(session.flush(request, nodeid, fh, lockOwner));
        if (result == WOULD_BLOCK) {
            return result;
        }
        error = told(nodeid, fh, error);
        return error != 0 ? error : result;
    }

    @Override
    public int release(Request request, long nodeid, long fh, int flags, int releaseFlags, long lockOwner) {
        if (written(request, nodeid) == WOULD_BLOCK) {
            return WOULD_BLOCK;
        }
        int result = session.release(request, nodeid, fh, flags, releaseFlags, lockOwner);
        if (result == 0) {
            window.errors().closed(fh);
        }
        return result;
    }

    @Override
    public int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        int error = written(request, nodeid);
        if (error == WOULD_BLOCK) {
            return error;
        }
        int result = served(session.fsync(request, nodeid, fh, dataOnly));
        if (result == WOULD_BLOCK) {
            return result;
        }
        error = told(nodeid, fh, error);
        return error != 0 ? error : result;
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries out) {
        if (!plus) {
            return session.readdir(request, nodeid, fh, offset, false, out);
        }
        return session.readdir(request, nodeid, fh, offset, true, entries.get().before(out));
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        if (!request.mayBlock()) {
            return WOULD_BLOCK;
        }
        int _ = written(request, nodeid);
        int error = session.fallocate(request, nodeid, fh, offset, length, mode);
        if (error == 0 && window.concerns(nodeid)) {
            boolean moves =
                    (mode & (FallocateMode.FALLOC_FL_COLLAPSE_RANGE | FallocateMode.FALLOC_FL_INSERT_RANGE)) != 0;
            window.changed(session, nodeid, offset, moves ? Long.MAX_VALUE : offset + length);
        }
        return error;
    }

    @Override
    public long lseek(Request request, long nodeid, long fh, long offset, int whence) {
        int error = written(request, nodeid);
        return error != 0 ? error : session.lseek(request, nodeid, fh, offset, whence);
    }

    @Override
    public long copyFileRange(
            Request request,
            long nodeidIn,
            long fhIn,
            long offsetIn,
            long nodeidOut,
            long fhOut,
            long offsetOut,
            long length,
            long flags) {
        if (!request.mayBlock()) {
            return WOULD_BLOCK;
        }
        int error = written(request, nodeidIn);
        if (error != 0) {
            return error;
        }
        int _ = written(request, nodeidOut);
        long count =
                session.copyFileRange(request, nodeidIn, fhIn, offsetIn, nodeidOut, fhOut, offsetOut, length, flags);
        if (count > 0 && window.concerns(nodeidOut)) {
            window.changed(session, nodeidOut, offsetOut, offsetOut + count);
        }
        return count;
    }

    @Override
    public int syncfs(Request request, long nodeid) {
        if (!request.mayBlock()) {
            return WOULD_BLOCK;
        }
        int error = window.writeBack(session);
        int result = served(session.syncfs(request, nodeid));
        int before = window.errors().tellSync();
        return error != 0 ? error : before != 0 ? before : result;
    }

    /** Writes the stores of the client back, and empties the window. */
    @Override
    public void close() {
        try {
            window.end(session);
        } finally {
            session.close();
        }
    }
}

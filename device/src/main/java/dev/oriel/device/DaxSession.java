package dev.oriel.device;

import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseFileLock;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseKstatfs;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseSetattrIn;
import dev.oriel.fuse.FuseStatxOut;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.MemorySegment;

/**
 * A session whose client has a DAX window: what is read by request has what was stored through the window, and what is changed by request is
 * seen through it. All else goes straight to the session behind.
 */
final class DaxSession implements FileSystemSession {
    private final FileSystemSession session;
    private final DaxWindow window;

    DaxSession(FileSystemSession session, DaxWindow window) {
        this.session = session;
        this.window = window;
    }

    /** SETUPMAPPING. */
    int setupMapping(Request request, long nodeid, long fileOffset, long length, long flags, long offset) {
        return request.mayBlock() ? window.setup(session, nodeid, fileOffset, length, flags, offset) : WOULD_BLOCK;
    }

    /** One range of a REMOVEMAPPING. */
    int removeMapping(Request request, long offset, long length) {
        return request.mayBlock() ? window.remove(session, offset, length) : WOULD_BLOCK;
    }

    /**
     * Has the stores of the client written to the file.
     *
     * @return 0, an errno, or {@link #WOULD_BLOCK}
     */
    private int written(Request request, long nodeid) {
        if (!window.concerns(nodeid)) {
            return 0;
        }
        return request.mayBlock() ? window.writeBack(session, nodeid) : WOULD_BLOCK;
    }

    /**
     * Whether a node that did not concern the window when its file was changed does now: it was mapped meanwhile. The window's lock may be
     * held for as long as the front-end does not answer, so the change is made once more where it may wait.
     */
    private boolean comesAgain(Request request, long nodeid) {
        return !request.mayBlock() && window.concerns(nodeid);
    }

    @Override
    public long flags() {
        return session.flags();
    }

    @Override
    public int timeGranularity() {
        return session.timeGranularity();
    }

    @Override
    public int lookup(Request request, long parent, Name name, FuseEntryOut out) {
        return session.lookup(request, parent, name, out);
    }

    @Override
    public void forget(long nodeid, long nlookup) {
        session.forget(nodeid, nlookup);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, FuseAttrOut out) {
        return session.getattr(request, nodeid, fh, out);
    }

    @Override
    public int setattr(Request request, long nodeid, FuseSetattrIn in, FuseAttrOut out) {
        if ((in.valid() & FuseFlags.FATTR_SIZE) == 0) {
            return session.setattr(request, nodeid, in, out);
        }
        int error = written(request, nodeid);
        if (error != 0) {
            return error;
        }
        error = session.setattr(request, nodeid, in, out);
        if (error == 0 && comesAgain(request, nodeid)) {
            return WOULD_BLOCK;
        }
        if (error == 0 && window.concerns(nodeid)) {
            // Nothing but what lies between the two sizes.
            window.changed(session, nodeid, Long.MAX_VALUE, 0);
        }
        return error;
    }

    @Override
    public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, FuseStatxOut out) {
        if ((session.flags() & FuseInitFlags.HAS_INODE_DAX) != 0) {
            // The reply has no room for ATTR_DAX, and a Linux that misses it takes DAX away from the node.
            return -Errno.ENOSYS;
        }
        return session.statx(request, nodeid, fh, syncFlags, mask, out);
    }

    @Override
    public int readlink(Request request, long nodeid, MemorySegment out) {
        return session.readlink(request, nodeid, out);
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, FuseEntryOut out) {
        return session.symlink(request, parent, name, target, out);
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, FuseEntryOut out) {
        return session.mknod(request, parent, name, mode, rdev, umask, out);
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, FuseEntryOut out) {
        return session.mkdir(request, parent, name, mode, umask, out);
    }

    @Override
    public int unlink(Request request, long parent, Name name) {
        return session.unlink(request, parent, name);
    }

    @Override
    public int rmdir(Request request, long parent, Name name) {
        return session.rmdir(request, parent, name);
    }

    @Override
    public int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
        return session.rename(request, parent, name, newParent, newName, flags);
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, FuseEntryOut out) {
        return session.link(request, nodeid, newParent, newName, out);
    }

    @Override
    public int open(Request request, long nodeid, int flags, int openFlags, FuseOpenOut out) {
        int error = written(request, nodeid);
        if (error != 0) {
            return error;
        }
        error = session.open(request, nodeid, flags, openFlags, out);
        // What is mapped from now on is read from now on.
        if (error == 0 && request.mayBlock() && window.concerns(nodeid)) {
            window.refresh(session, nodeid);
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
            FuseEntryOut entry,
            FuseOpenOut out) {
        return session.create(request, parent, name, flags, mode, umask, openFlags, entry, out);
    }

    @Override
    public int tmpfile(
            Request request,
            long parent,
            int flags,
            int mode,
            int umask,
            int openFlags,
            FuseEntryOut entry,
            FuseOpenOut out) {
        return session.tmpfile(request, parent, flags, mode, umask, openFlags, entry, out);
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
        int error = written(request, nodeid);
        return error != 0 ? error : session.read(request, nodeid, fh, offset, flags, to);
    }

    @Override
    public long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        int error = written(request, nodeid);
        if (error != 0) {
            return error;
        }
        long count = session.write(request, nodeid, fh, offset, flags, writeFlags, from);
        boolean appended = (flags & OpenFlags.O_APPEND) != 0;
        if (count > 0 && !appended && comesAgain(request, nodeid)) {
            return WOULD_BLOCK;
        }
        if (count > 0 && window.concerns(nodeid)) {
            window.changed(
                    session, nodeid, appended ? Long.MAX_VALUE : offset, appended ? Long.MAX_VALUE : offset + count);
        }
        return count;
    }

    @Override
    public int flush(Request request, long nodeid, long fh, long lockOwner) {
        int error = written(request, nodeid);
        return error != 0 ? error : session.flush(request, nodeid, fh, lockOwner);
    }

    @Override
    public int release(Request request, long nodeid, long fh, int flags, int releaseFlags, long lockOwner) {
        int error = written(request, nodeid);
        if (error == WOULD_BLOCK) {
            return error;
        }
        return session.release(request, nodeid, fh, flags, releaseFlags, lockOwner);
    }

    @Override
    public int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        int error = written(request, nodeid);
        return error != 0 ? error : session.fsync(request, nodeid, fh, dataOnly);
    }

    @Override
    public int opendir(Request request, long nodeid, int flags, FuseOpenOut out) {
        return session.opendir(request, nodeid, flags, out);
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        return session.readdir(request, nodeid, fh, offset, plus, entries);
    }

    @Override
    public int releasedir(Request request, long nodeid, long fh, int flags) {
        return session.releasedir(request, nodeid, fh, flags);
    }

    @Override
    public int fsyncdir(Request request, long nodeid, long fh, boolean dataOnly) {
        return session.fsyncdir(request, nodeid, fh, dataOnly);
    }

    @Override
    public int statfs(Request request, long nodeid, FuseKstatfs out) {
        return session.statfs(request, nodeid, out);
    }

    @Override
    public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        return session.setxattr(request, nodeid, name, value, flags, setxattrFlags);
    }

    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return session.getxattr(request, nodeid, name, out);
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return session.listxattr(request, nodeid, out);
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        return session.removexattr(request, nodeid, name);
    }

    @Override
    public int access(Request request, long nodeid, int mask) {
        return session.access(request, nodeid, mask);
    }

    @Override
    public int getlk(Request request, long nodeid, long fh, long owner, FuseFileLock lock, FuseFileLock out) {
        return session.getlk(request, nodeid, fh, owner, lock, out);
    }

    @Override
    public int setlk(Request request, long nodeid, long fh, long owner, FuseFileLock lock, int lkFlags) {
        return session.setlk(request, nodeid, fh, owner, lock, lkFlags);
    }

    @Override
    public int awaitLock(Request request, long nodeid, long fh, long owner, FuseFileLock lock, int lkFlags) {
        return session.awaitLock(request, nodeid, fh, owner, lock, lkFlags);
    }

    @Override
    public void endLockWait(long unique) {
        session.endLockWait(unique);
    }

    @Override
    public int ioctl(
            Request request,
            long nodeid,
            long fh,
            int flags,
            int command,
            MemorySegment argument,
            int inSize,
            int outSize) {
        return session.ioctl(request, nodeid, fh, flags, command, argument, inSize, outSize);
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        int error = written(request, nodeid);
        if (error != 0) {
            return error;
        }
        error = session.fallocate(request, nodeid, fh, offset, length, mode);
        if (error == 0 && window.concerns(nodeid)) {
            window.changed(session, nodeid, offset, offset + length);
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
        int error = written(request, nodeidIn);
        if (error == 0) {
            error = written(request, nodeidOut);
        }
        if (error != 0) {
            return error;
        }
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
        int result = session.syncfs(request, nodeid);
        return error != 0 ? error : result;
    }

    /** Writes the stores of the client back, and empties the window. */
    @Override
    public void close() {
        window.end(session);
        session.close();
    }
}

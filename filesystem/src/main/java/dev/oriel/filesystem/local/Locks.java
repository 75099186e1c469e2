package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileLock;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FcntlCommand;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FlockBuffer;

/**
 * GETLK and SETLK: of byte ranges ({@link PosixLocks}), and of whole files (flock(2)), held by the handle's own
 * descriptor.
 */
final class Locks {
    private final SessionState state;
    private final PosixLocks locks;

    Locks(SessionState state, PosixLocks locks) {
        this.state = state;
        this.locks = locks;
    }

    int get(long nodeid, long fh, long owner, FileLock lock, FileLock out) {
        OpenFile file = state.handles.enter(fh, nodeid, OpenFile.class);
        if (file == null) {
            return -Errno.EBADF;
        }
        int result = locks.get(file, owner, lock, out);
        file.leave();
        return result;
    }

    int set(long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        if ((lkFlags & FuseFlags.LK_FLOCK) != 0) {
            return flock(nodeid, fh, lock.type);
        }
        OpenFile file = state.handles.enter(fh, nodeid, OpenFile.class);
        if (file == null) {
            return -Errno.EBADF;
        }
        int result = locks.set(file, owner, lock);
        file.leave();
        return result;
    }

    /** A circle of waits is looked for among POSIX locks only, as Linux does it. */
    int await(long unique, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        if ((lkFlags & FuseFlags.LK_FLOCK) != 0) {
            return 0;
        }
        OpenFile file = state.handles.enter(fh, nodeid, OpenFile.class);
        if (file == null) {
            return -Errno.EBADF;
        }
        int result = locks.await(unique, file, owner, lock);
        file.leave();
        return result;
    }

    /** Directories can be locked like this too. */
    private int flock(long nodeid, long fh, int type) {
        int operation = switch (type) {
            case FlockBuffer.F_RDLCK -> FcntlCommand.LOCK_SH;
            case FlockBuffer.F_WRLCK -> FcntlCommand.LOCK_EX;
            case FlockBuffer.F_UNLCK -> FcntlCommand.LOCK_UN;
            default -> -1;
        };
        if (operation < 0) {
            return -Errno.EINVAL;
        }
        OpenHandle handle = state.handles.enter(fh, nodeid);
        if (handle == null) {
            return -Errno.EBADF;
        }
        int result = FileCalls.flock(handle.descriptor(), operation | FcntlCommand.LOCK_NB);
        handle.leave();
        return result;
    }
}

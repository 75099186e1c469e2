package dev.oriel.filesystem.local;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Status;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.NameCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatfsBuffer;
import dev.oriel.linux.StatxBuffer;
import dev.oriel.linux.TimesBuffer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** GETATTR, STATX, SETATTR, ACCESS, STATFS. */
final class NodeAttributes {
    /** Giving back more than this may take the file system a while. */
    private static final long LARGE_TRUNCATION = 64L << 20;

    private static final int MODE_BITS = 07777;

    private final SessionState state;

    NodeAttributes(SessionState state) {
        this.state = state;
    }

    int getattr(Request request, long nodeid, long fh, Attributes out) {
        ThreadBuffers buffers = ThreadBuffers.current();
        int result = stat(nodeid, fh, 0, Nodes.STAT_MASK, buffers);
        if (result == -Errno.ESTALE
                && state.nodes.isGoneDirectory(nodeid)
                && state.removedDirectories.asksAgain(request, nodeid)) {
            replyGone(nodeid, out);
            return 0;
        }
        if (result < 0) {
            return result;
        }
        state.fill(out, buffers.stat, state.nodes.mountOf(nodeid));
        return 0;
    }

    /**
     * What is left of a directory that is gone: anybody may look into it, nobody change it. Whose it was is not known
     * any more.
     */
    private void replyGone(long nodeid, Attributes out) {
        out.validNanos = state.options.cache().validNanos();
        out.ino = state.nodes.mountOf(nodeid).reported(state.nodes.ino(nodeid));
        out.mode = FileMode.S_IFDIR | 0555;
        out.blksize = FileSystemSession.USUAL_BLOCK;
    }

    /** Reads the attributes into {@code buffers.stat}. */
    private int stat(long nodeid, long fh, int flags, int mask, ThreadBuffers buffers) {
        if (state.isHandle(fh)) {
            OpenHandle handle = state.handles.enter(fh, nodeid);
            if (handle == null) {
                return -Errno.EBADF;
            }
            int result = FileCalls.statx(
                    handle.descriptor(), ThreadBuffers.EMPTY, At.AT_EMPTY_PATH | flags, mask, buffers.stat);
            handle.leave();
            return result;
        }
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result = FileCalls.statx((int) node, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH | flags, mask, buffers.stat);
        state.nodes.release(nodeid, node);
        return result;
    }

    int statx(long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        ThreadBuffers buffers = ThreadBuffers.current();
        int sync = syncFlags & (At.AT_STATX_FORCE_SYNC | At.AT_STATX_DONT_SYNC);
        int result = stat(nodeid, fh, sync, mask | Nodes.STAT_MASK, buffers);
        if (result < 0) {
            return result;
        }
        state.fill(out, buffers.stat, state.nodes.mountOf(nodeid));
        return 0;
    }

    int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        int valid = in.valid;
        OpenHandle handle = null;
        long node = -1;
        int descriptor;
        if ((valid & FuseFlags.FATTR_FH) != 0 && state.isHandle(in.fh)) {
            handle = state.handles.enter(in.fh, nodeid);
            if (handle == null) {
                return -Errno.EBADF;
            }
            descriptor = handle.descriptor();
        } else {
            node = state.nodes.acquire(nodeid, buffers);
            if (node < 0) {
                return (int) node;
            }
            descriptor = (int) node;
        }
        int result = set(request, nodeid, valid, in, handle, descriptor, buffers);
        if (result == 0) {
            result = FileCalls.statx(descriptor, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH, Nodes.STAT_MASK, buffers.stat);
        }
        if (handle != null) {
            handle.leave();
        } else {
            state.nodes.release(nodeid, node);
        }
        if (result == 0) {
            state.fill(out, buffers.stat, state.nodes.mountOf(nodeid));
        }
        return result;
    }

    private int set(
            Request request,
            long nodeid,
            int valid,
            AttributeChange in,
            @Nullable OpenHandle handle,
            int descriptor,
            ThreadBuffers buffers) {
        int result = 0;
        if ((valid & FuseFlags.FATTR_SIZE) != 0 && !request.mayBlock()) {
            long size = in.size;
            result = FileCalls.statx(
                    descriptor, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH, StatxBuffer.STATX_SIZE, buffers.stat);
            if (result == 0 && buffers.stat.size() - size > LARGE_TRUNCATION) {
                return FileSystemSession.WOULD_BLOCK;
            }
        }
        if (result == 0 && (valid & FuseFlags.FATTR_MODE) != 0) {
            result = FileCalls.chmod(buffers.procPath.set(descriptor), in.mode & MODE_BITS);
        }
        if (result == 0 && (valid & (FuseFlags.FATTR_UID | FuseFlags.FATTR_GID)) != 0) {
            int uid = (valid & FuseFlags.FATTR_UID) != 0 ? in.uid : -1;
            int gid = (valid & FuseFlags.FATTR_GID) != 0 ? in.gid : -1;
            result = FileCalls.fchownat(descriptor, ThreadBuffers.EMPTY, uid, gid, At.AT_EMPTY_PATH);
        }
        if (result == 0 && (valid & FuseFlags.FATTR_SIZE) != 0) {
            result = truncate(nodeid, valid, in.size, handle, descriptor, buffers);
        }
        int times = FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME;
        if (result == 0 && (valid & times) != 0) {
            setTimes(valid, in, buffers.times);
            result = FileCalls.utimensat(At.AT_FDCWD, buffers.procPath.set(descriptor), buffers.times, 0);
        }
        return result;
    }

    private int truncate(
            long nodeid, int valid, long size, @Nullable OpenHandle handle, int descriptor, ThreadBuffers buffers) {
        int openable = Nodes.openable(state.nodes.type(nodeid));
        if (handle == null && openable < 0) {
            return openable == -Errno.EISDIR ? openable : -Errno.EINVAL;
        }
        boolean writable =
                handle instanceof OpenFile file && (file.flags() & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY;
        int target = writable
                ? descriptor
                : state.nodes.open(descriptor, OpenFlags.O_WRONLY | OpenFlags.O_NONBLOCK, buffers);
        if (target < 0) {
            return target;
        }
        state.killSuidgid((valid & FuseFlags.FATTR_KILL_SUIDGID) != 0, buffers);
        int result;
        int resumed;
        try {
            result = FileCalls.ftruncate(target, size);
        } finally {
            resumed = buffers.identity.resume();
        }
        if (!writable) {
            FileCalls.close(target);
        }
        return resumed < 0 ? resumed : result;
    }

    private static void setTimes(int valid, AttributeChange in, TimesBuffer times) {
        if ((valid & FuseFlags.FATTR_ATIME) == 0) {
            times.setAccess(0, TimesBuffer.UTIME_OMIT);
        } else if ((valid & FuseFlags.FATTR_ATIME_NOW) != 0) {
            times.setAccess(0, TimesBuffer.UTIME_NOW);
        } else {
            times.setAccess(in.atime, Integer.toUnsignedLong(in.atimensec));
        }
        if ((valid & FuseFlags.FATTR_MTIME) == 0) {
            times.setModification(0, TimesBuffer.UTIME_OMIT);
        } else if ((valid & FuseFlags.FATTR_MTIME_NOW) != 0) {
            times.setModification(0, TimesBuffer.UTIME_NOW);
        } else {
            times.setModification(in.mtime, Integer.toUnsignedLong(in.mtimensec));
        }
    }

    int access(Request request, long nodeid, int mask) {
        if (state.isReadOnly() && (mask & At.W_OK) != 0) {
            return -Errno.EROFS;
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result = accessAs(request, (int) node, mask, buffers);
        state.nodes.release(nodeid, node);
        return result;
    }

    private int accessAs(Request request, int node, int mask, ThreadBuffers buffers) {
        int assumed = state.assume(request, 0, buffers);
        if (assumed < 0) {
            return assumed;
        }
        int result;
        int resumed;
        try {
            result = FileCalls.faccessat2(
                    node, ThreadBuffers.EMPTY, mask & (At.R_OK | At.W_OK | At.X_OK), At.AT_EACCESS | At.AT_EMPTY_PATH);
        } finally {
            resumed = buffers.identity.resume();
        }
        return resumed < 0 ? resumed : result;
    }

    int statfs(long nodeid, Status out) {
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        StatfsBuffer statfs = buffers.statfs;
        int result = FileCalls.fstatfs((int) node, statfs);
        state.nodes.release(nodeid, node);
        if (result < 0) {
            return result;
        }
        out.blocks = statfs.blocks();
        out.bfree = statfs.bfree();
        out.bavail = statfs.bavail();
        out.files = statfs.files();
        out.ffree = statfs.ffree();
        out.bsize = (int) statfs.bsize();
        out.namelen = (int) Math.min(statfs.namelen(), FileSystemSession.NAME_MAX);
        out.frsize = (int) statfs.frsize();
        return 0;
    }

    int readlink(long nodeid, MemorySegment out) {
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = state.nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result;
        if (state.nodes.type(nodeid) != FileMode.S_IFLNK) {
            result = -Errno.EINVAL;
        } else {
            result = (int) NameCalls.readlinkat((int) node, ThreadBuffers.EMPTY, out, out.byteSize());
        }
        state.nodes.release(nodeid, node);
        return result;
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FcntlCommand;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.Seek;
import dev.oriel.linux.TransferFlags;

/** READ, WRITE, FALLOCATE, LSEEK, COPY_FILE_RANGE: the content of open files. */
final class FileData {
    /** Writes that wait for the disk. */
    private static final int SLOW_FLAGS = OpenFlags.O_DIRECT | OpenFlags.O_DSYNC | OpenFlags.O_SYNC;

    private final SessionState state;
    private final SecondReader second;

    FileData(SessionState state, SecondReader second) {
        this.state = state;
        this.second = second;
    }

    long read(Request request, long nodeid, long fh, long offset, IoVector to) {
        OpenFile file = state.enterFile(fh, nodeid, false);
        if (file == null) {
            return state.notEntered(fh);
        }
        long result;
        if (offset < 0) {
            result = -Errno.EINVAL; // -1 would mean the descriptor's own position to preadv2(2)
        } else if (file.mount().isMemory()) {
            result = readAll(file.descriptor(), false, offset, to, 0, together(request, file, offset, to, 0));
        } else if (request.mayBlock()) {
            result = readAll(file.descriptor(), file.isDirect(), offset, to, 0, 0);
            if (result == -Errno.EINVAL && file.isDirect()) {
                // not where, or not as much as, the disk reads: the client knows nothing of its sectors
                result = readAll(buffered(file), false, offset, to, 0, 0);
            }
        } else if (file.mount().withoutNowait() || file.isDirect()) {
            result = FileSystemSession.WOULD_BLOCK;
        } else {
            int flags = TransferFlags.RWF_NOWAIT;
            result = readAll(file.descriptor(), false, offset, to, flags, together(request, file, offset, to, flags));
            if (result == -Errno.EAGAIN) {
                result = FileSystemSession.WOULD_BLOCK;
            } else if (result == -Errno.EOPNOTSUPP) {
                file.mount().rememberNoNowait();
                result = FileSystemSession.WOULD_BLOCK;
            }
        }
        file.leave();
        return result;
    }

    /** Reads the beginning, up to all of it, with the second reader's help if there is any. */
    private long together(Request request, OpenFile file, long offset, IoVector to, int flags) {
        if (to.bytes() < SecondReader.WORTHWHILE || !request.mayHaveHelp()) {
            return 0;
        }
        return second.read(file.descriptor(), offset, flags, to, ThreadBuffers.current().part);
    }

    /**
     * Reads until all is there or the file ends. A read may stop short of the end of the file, where the page cache
     * ends (RWF_NOWAIT) or after a signal; only a read of nothing is the end.
     *
     * @param direct whether the descriptor is one of O_DIRECT
     * @param before bytes from the start on that are there already
     * @return bytes, or an errno; with RWF_NOWAIT -EAGAIN if anything is missing
     */
    private static long readAll(int descriptor, boolean direct, long offset, IoVector to, int flags, long before) {
        long wanted = to.bytes();
        long done = before;
        if (done > 0 && done == wanted) {
            return done;
        }
        IoVector vector = to;
        if (done > 0 || to.count() > IoVector.SYSTEM_CALL_MAX) {
            vector = ThreadBuffers.current().part;
            vector.slice(to, done, wanted - done);
        }
        while (true) {
            long read = FileCalls.preadv2(descriptor, vector.address(), vector.count(), offset + done, flags);
            if (read < 0) {
                return done > 0 && flags == 0 ? done : read;
            }
            done += read;
            // A direct read that ends short has met the end of the file: it could not go on from a place like that.
            boolean ended = read == 0 || (direct && read < vector.bytes());
            if (done >= wanted || ended) {
                return done;
            }
            vector = ThreadBuffers.current().part;
            vector.slice(to, done, wanted - done);
        }
    }

    long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        OpenFile file = state.enterFile(fh, nodeid, true);
        if (file == null) {
            return state.notEntered(fh);
        }
        long result;
        if (offset < 0) {
            result = -Errno.EINVAL;
        } else if (!request.mayBlock() && ((file.flags() | syncFlags(fh, flags)) & SLOW_FLAGS) != 0) {
            result = FileSystemSession.WOULD_BLOCK;
        } else {
            int how = appendFlags(file, flags, writeFlags) | transferFlags(syncFlags(fh, flags));
            boolean kill = (writeFlags & FuseFlags.WRITE_KILL_SUIDGID) != 0;
            boolean direct = file.isDirect();
            // What comes from the client's page cache begins and ends where a program wrote, whoever opened the file
            // how.
            boolean cached = direct && (writeFlags & FuseFlags.WRITE_CACHE) != 0;
            result = write(file, cached ? buffered(file) : file.descriptor(), offset, how, from, kill);
            if (result == -Errno.EINVAL && direct && !cached) {
                // not where, or not as much as, the disk writes
                result = write(file, buffered(file), offset, how, from, kill);
            }
        }
        file.leave();
        return result;
    }

    /** A descriptor of a file that is open with O_DIRECT which takes data of any place and length. */
    private int buffered(OpenFile file) {
        int known = file.buffered();
        if (known != OpenFile.NONE) {
            return known;
        }
        int append = file.appends() ? OpenFlags.O_APPEND : 0;
        if (state.handles.reserve()) {
            int kept = OpenFlags.O_ACCMODE | OpenFlags.O_DSYNC | OpenFlags.O_SYNC;
            int flags = (file.flags() & kept) | append;
            int opened = FileCalls.openat(
                    ThreadBuffers.AT_FDCWD, ThreadBuffers.current().procPath.set(file.descriptor()), flags, 0);
            if (opened >= 0) {
                return file.keepBuffered(opened, state.handles);
            }
            state.handles.unreserve();
        }
        // There is no other: a file that its maker alone may write, or no descriptor left. It becomes one.
        if (FileCalls.fcntl(file.descriptor(), FcntlCommand.F_SETFL, append) == 0) {
            file.directNoMore();
        }
        return file.descriptor();
    }

    private long write(OpenFile file, int descriptor, long offset, int how, IoVector from, boolean kill) {
        return kill
                ? writeAsUnprivileged(file, descriptor, offset, how, from)
                : writeAll(file, descriptor, offset, how, from);
    }

    /** How a file that was not opened for this client alone is to be written; one that was has it in its descriptor. */
    private int syncFlags(long fh, int flags) {
        return state.isHandle(fh) ? 0 : flags & (OpenFlags.O_DSYNC | OpenFlags.O_SYNC);
    }

    private static int transferFlags(int syncFlags) {
        if (syncFlags == 0) {
            return 0;
        }
        // O_SYNC contains O_DSYNC (open(2))
        return (syncFlags & OpenFlags.O_SYNC) == OpenFlags.O_SYNC ? TransferFlags.RWF_SYNC : TransferFlags.RWF_DSYNC;
    }

    /** A write after which no set-user-id bit is left. */
    private long writeAsUnprivileged(OpenFile file, int descriptor, long offset, int flags, IoVector from) {
        ThreadBuffers buffers = ThreadBuffers.current();
        state.killSuidgid(true, buffers);
        long result;
        int resumed;
        try {
            result = writeAll(file, descriptor, offset, flags, from);
        } finally {
            resumed = buffers.identity.resume();
        }
        return resumed < 0 ? resumed : result;
    }

    /**
     * Whether to append is decided by the flags that the client's file has now (F_SETFL changes them), not by those it
     * was opened with. What comes from the client's page cache has its place in the file already.
     */
    private int appendFlags(OpenFile file, int flags, int writeFlags) {
        boolean append = (flags & OpenFlags.O_APPEND) != 0
                && (writeFlags & FuseFlags.WRITE_CACHE) == 0
                && !state.has(FuseInitFlags.WRITEBACK_CACHE);
        if (append == file.appends()) {
            return 0;
        }
        return append ? TransferFlags.RWF_APPEND : TransferFlags.RWF_NOAPPEND;
    }

    private static long writeAll(OpenFile file, int descriptor, long offset, int flags, IoVector from) {
        if (from.count() <= IoVector.SYSTEM_CALL_MAX) {
            long written = FileCalls.pwritev2(descriptor, from.address(), from.count(), offset, flags);
            if (written != -Errno.EOPNOTSUPP || flags != TransferFlags.RWF_NOAPPEND) {
                return written;
            }
            // Linux before 6.9 has no RWF_NOAPPEND: the file is no longer one that appends by itself.
            // A file that only takes what is appended (FS_APPEND_FL) refuses that, and the write.
            int direct = file.isDirect() ? OpenFlags.O_DIRECT : 0;
            int result = FileCalls.fcntl(file.descriptor(), FcntlCommand.F_SETFL, direct);
            if (result == 0 && file.buffered() != OpenFile.NONE) {
                result = FileCalls.fcntl(file.buffered(), FcntlCommand.F_SETFL, 0);
            }
            if (result < 0) {
                return result;
            }
            file.appendsNoMore();
            return FileCalls.pwritev2(descriptor, from.address(), from.count(), offset, 0);
        }
        IoVector part = ThreadBuffers.current().part;
        long wanted = from.bytes();
        long done = 0;
        while (done < wanted) {
            part.slice(from, done, wanted - done);
            long written = FileCalls.pwritev2(descriptor, part.address(), part.count(), offset + done, flags);
            if (written < 0) {
                return done > 0 ? done : written;
            }
            done += written;
            if (written < part.bytes()) {
                break;
            }
        }
        return done;
    }

    int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        if (!request.mayBlock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        OpenFile file = state.enterFile(fh, nodeid, true);
        if (file == null) {
            return state.notEntered(fh);
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        clearPrivileges(buffers);
        int result;
        int resumed;
        try {
            result = FileCalls.fallocate(file.descriptor(), mode, offset, length);
        } finally {
            resumed = buffers.identity.resume();
            file.leave();
        }
        return resumed < 0 ? resumed : result;
    }

    /**
     * Before a change of content by a request that has no flag to say that set-id bits are to be cleared. Once
     * HANDLE_KILLPRIV_V2 is negotiated the client leaves that to us. Whether the caller is privileged it does not say
     * (with ALLOW_IDMAP such a request comes without a uid), so nobody is taken for privileged.
     */
    private void clearPrivileges(ThreadBuffers buffers) {
        state.killSuidgid(state.has(FuseInitFlags.HANDLE_KILLPRIV_V2), buffers);
    }

    long lseek(long nodeid, long fh, long offset, int whence) {
        if (whence != Seek.SEEK_DATA && whence != Seek.SEEK_HOLE) {
            return -Errno.EINVAL; // the client keeps the position itself
        }
        OpenFile file = state.enterFile(fh, nodeid, false);
        if (file == null) {
            return state.notEntered(fh);
        }
        long result = FileCalls.lseek(file.descriptor(), offset, whence);
        file.leave();
        return result;
    }

    long copy(
            Request request,
            long nodeidIn,
            long fhIn,
            long offsetIn,
            long nodeidOut,
            long fhOut,
            long offsetOut,
            long length,
            long flags) {
        if (state.isReadOnly()) {
            return -Errno.EROFS;
        }
        if (flags != 0 || offsetIn < 0 || offsetOut < 0) {
            return -Errno.EINVAL;
        }
        if (!request.mayBlock()) {
            return FileSystemSession.WOULD_BLOCK;
        }
        OpenFile in = state.enterFile(fhIn, nodeidIn, false);
        if (in == null) {
            return state.notEntered(fhIn);
        }
        OpenFile out = state.enterFile(fhOut, nodeidOut, true);
        long result;
        if (out == null) {
            result = state.notEntered(fhOut);
        } else {
            ThreadBuffers buffers = ThreadBuffers.current();
            clearPrivileges(buffers);
            int resumed;
            try {
                result = FileCalls.copy_file_range(in.descriptor(), offsetIn, out.descriptor(), offsetOut, length, 0);
            } finally {
                resumed = buffers.identity.resume();
                out.leave();
            }
            result = resumed < 0 ? resumed : result;
        }
        in.leave();
        return result;
    }
}

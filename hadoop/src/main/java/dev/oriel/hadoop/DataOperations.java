package dev.oriel.hadoop;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.util.function.ToLongFunction;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.jspecify.annotations.Nullable;

/** What is done with the bytes of files. Everything here waits for the cluster. */
final class DataOperations {
    private final HadoopState state;

    DataOperations(HadoopState state) {
        this.state = state;
    }

    int open(HadoopNode node, int flags, Opened out) {
        if (node.type != FileMode.S_IFREG) {
            return node.type == FileMode.S_IFDIR ? -Errno.EISDIR : -Errno.ELOOP;
        }
        boolean changes = (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY || (flags & OpenFlags.O_TRUNC) != 0;
        if (node.inSnapshot && changes) {
            return -Errno.EROFS;
        }
        if (!state.handles.reserve()) {
            return -Errno.ENFILE;
        }
        int result = open(node, flags, null, out);
        if (result != 0) {
            state.handles.unreserve();
        }
        return result;
    }

    /**
     * Opens a file for which a handle is reserved.
     *
     * @param created a stream to it, if it was just made
     */
    int open(HadoopNode node, int flags, @Nullable FSDataOutputStream created, Opened out) {
        @Nullable OpenHadoopFile[] opened = new OpenHadoopFile[1];
        int result = state.files.open(node, flags, created, (flags & OpenFlags.O_TRUNC) != 0, state.changes, opened);
        OpenHadoopFile handle = opened[0];
        if (result == 0 && handle != null) {
            out.fh = state.add(handle);
            out.openFlags = FuseFlags.FOPEN_PARALLEL_DIRECT_WRITES;
        }
        return result;
    }

    /** Uses an open file. */
    private long with(long nodeid, long fh, ToLongFunction<OpenHadoopFile> use) {
        OpenHadoopFile handle = state.handles.enter(fh, nodeid, OpenHadoopFile.class);
        if (handle == null) {
            return -Errno.EBADF;
        }
        try {
            return use.applyAsLong(handle);
        } finally {
            handle.leave();
        }
    }

    /** Uses an open file, or opens it for as long. */
    private long withAny(HadoopNode node, long fh, ToLongFunction<OpenHadoopFile> use) {
        if (fh != FileSystemSession.NO_HANDLE) {
            return with(node.nodeid, fh, use);
        }
        Handle open = state.handles.enterAny(node.nodeid);
        if (open != null) {
            try {
                if (open instanceof OpenHadoopFile file && file.writes()) {
                    return use.applyAsLong(file);
                }
            } finally {
                open.leave();
            }
        }
        @Nullable OpenHadoopFile[] opened = new OpenHadoopFile[1];
        int result = state.files.open(node, OpenFlags.O_RDWR, null, false, state.changes, opened);
        OpenHadoopFile file = opened[0];
        if (result != 0 || file == null) {
            return result;
        }
        long used = use.applyAsLong(file);
        int closed = state.files.close(file);
        return used < 0 ? used : closed < 0 ? closed : used;
    }

    long read(long nodeid, long fh, long offset, IoVector to) {
        return with(nodeid, fh, handle -> handle.reads() ? handle.file().read(offset, to) : -Errno.EBADF);
    }

    /** The same, without waiting for the cluster. */
    long readNow(long nodeid, long fh, long offset, IoVector to) {
        OpenHadoopFile handle = state.handles.enter(fh, nodeid, OpenHadoopFile.class);
        if (handle == null) {
            return -Errno.EBADF;
        }
        try {
            return handle.reads() ? handle.file().readNow(offset, to) : -Errno.EBADF;
        } finally {
            handle.leave();
        }
    }

    long write(long nodeid, long fh, long offset, int flags, IoVector from) {
        boolean atEnd = (flags & OpenFlags.O_APPEND) != 0;
        return with(
                nodeid,
                fh,
                handle -> handle.writes()
                        ? handle.file().write(offset, from, atEnd, !handle.reads() || atEnd, state.changes)
                        : -Errno.EBADF);
    }

    /** fsync(2), by whoever has the file open: also one who only reads. */
    int sync(long nodeid, long fh) {
        return (int) with(nodeid, fh, handle -> handle.file().sync(handle));
    }

    /** close(2): what others have written is theirs to close. */
    int flush(long nodeid, long fh) {
        return (int) with(nodeid, fh, handle -> handle.writes() ? handle.file().sync(handle) : 0);
    }

    int release(long nodeid, long fh) {
        return state.handles.release(fh, nodeid) ? 0 : -Errno.EBADF;
    }

    int truncate(HadoopNode node, long fh, long size) {
        if (node.type != FileMode.S_IFREG) {
            return node.type == FileMode.S_IFDIR ? -Errno.EISDIR : -Errno.EINVAL;
        }
        return (int) withAny(node, fh, handle -> handle.writes() ? handle.file().truncate(size) : -Errno.EBADF);
    }

    /** The file was written last now. */
    int touch(HadoopNode node) {
        return (int) withAny(
                node, FileSystemSession.NO_HANDLE, handle -> handle.file().touch());
    }

    int fallocate(long nodeid, long fh, long offset, long length, int mode) {
        if (offset < 0 || length <= 0 || offset + length < 0) {
            return -Errno.EINVAL;
        }
        int how = mode & ~FallocateMode.FALLOC_FL_KEEP_SIZE;
        boolean keepsSize = how != mode;
        boolean zeroes = how == FallocateMode.FALLOC_FL_PUNCH_HOLE || how == FallocateMode.FALLOC_FL_ZERO_RANGE;
        if ((how != 0 && !zeroes) || (how == FallocateMode.FALLOC_FL_PUNCH_HOLE && !keepsSize)) {
            return -Errno.EOPNOTSUPP;
        }
        return (int) with(nodeid, fh, handle -> {
            if (!handle.writes()) {
                return -Errno.EBADF;
            }
            int result = zeroes ? handle.file().allocate(offset, length, true, state.changes) : 0;
            return result != 0 || keepsSize ? result : handle.file().allocate(offset, length, false, state.changes);
        });
    }
}

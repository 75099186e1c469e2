package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.MemorySegment;

/**
 * A file system that its clients cannot change: what would change it is answered {@code -EROFS} and does not reach it.
 */
public final class ReadOnlyView implements FileSystem {
    private static final int DIRECTION_SHIFT = 30;
    private static final int TELLS = 2;

    private final FileSystem behind;

    /** Stands before a file system, and closes it when it is closed. */
    public ReadOnlyView(FileSystem behind) {
        this.behind = behind;
    }

    @Override
    public FileSystemSession begin(long offered) {
        return new Session(behind.begin(offered));
    }

    @Override
    public void close() {
        behind.close();
    }

    private static final class Session extends ForwardingSession {
        private final FileSystemSession session;

        Session(FileSystemSession session) {
            this.session = session;
        }

        @Override
        protected FileSystemSession delegate() {
            return session;
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
            return -Errno.EROFS;
        }

        @Override
        public int symlink(Request request, long parent, Name name, Name target, Entry out) {
            return -Errno.EROFS;
        }

        @Override
        public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
            return -Errno.EROFS;
        }

        @Override
        public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
            return -Errno.EROFS;
        }

        @Override
        public int unlink(Request request, long parent, Name name) {
            return -Errno.EROFS;
        }

        @Override
        public int rmdir(Request request, long parent, Name name) {
            return -Errno.EROFS;
        }

        @Override
        public int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
            return -Errno.EROFS;
        }

        @Override
        public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
            return -Errno.EROFS;
        }

        @Override
        public int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
            boolean writes = (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY || (flags & OpenFlags.O_TRUNC) != 0;
            return writes ? -Errno.EROFS : session.open(request, nodeid, flags, openFlags, out);
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
            return -Errno.EROFS;
        }

        @Override
        public int tmpfile(
                Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
            return -Errno.EROFS;
        }

        @Override
        public long write(
                Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
            return -Errno.EROFS;
        }

        @Override
        public int setxattr(
                Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
            return -Errno.EROFS;
        }

        @Override
        public int removexattr(Request request, long nodeid, Name name) {
            return -Errno.EROFS;
        }

        @Override
        public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
            return -Errno.EROFS;
        }

        /** Those that tell something write into the client's memory only ({@code _IOC_READ}). */
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
            return command >>> DIRECTION_SHIFT == TELLS
                    ? session.ioctl(request, nodeid, fh, flags, command, argument, inSize, outSize)
                    : -Errno.EROFS;
        }

        /** It could be written to. */
        @Override
        public int descriptor(long nodeid, long fh) {
            return -Errno.EOPNOTSUPP;
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
            return -Errno.EROFS;
        }
    }
}

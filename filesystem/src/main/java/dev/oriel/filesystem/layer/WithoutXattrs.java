package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ForwardingSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;

/** A file system without extended attributes, whether it has some or not. */
public final class WithoutXattrs implements FileSystem {
    private final FileSystem behind;

    /** Stands before a file system, and closes it when it is closed. */
    public WithoutXattrs(FileSystem behind) {
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
        public int setxattr(
                Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
            return -Errno.ENOSYS;
        }

        @Override
        public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
            return -Errno.ENOSYS;
        }

        @Override
        public int listxattr(Request request, long nodeid, MemorySegment out) {
            return -Errno.ENOSYS;
        }

        @Override
        public int removexattr(Request request, long nodeid, Name name) {
            return -Errno.ENOSYS;
        }
    }
}

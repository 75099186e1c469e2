package dev.oriel.filesystem;

import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A session that stands before another and means something else in some operations: it overrides those, and all others
 * go straight on. It may change what the session behind has filled in before it returns.
 */
public abstract class ForwardingSession implements FileSystemSession {
    /** The session behind. */
    protected abstract FileSystemSession delegate();

    /**
     * The request as the session behind is to see it: by default as it came. Called once for each operation that goes
     * straight on.
     */
    protected Request forward(Request request) {
        return request;
    }

    @Override
    public long flags() {
        return delegate().flags();
    }

    @Override
    public boolean isReadOnly() {
        return delegate().isReadOnly();
    }

    @Override
    public int timeGranularity() {
        return delegate().timeGranularity();
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        return delegate().lookup(forward(request), parent, name, out);
    }

    @Override
    public void forget(long nodeid, long nlookup) {
        delegate().forget(nodeid, nlookup);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        return delegate().getattr(forward(request), nodeid, fh, out);
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        return delegate().setattr(forward(request), nodeid, in, out);
    }

    @Override
    public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        return delegate().statx(forward(request), nodeid, fh, syncFlags, mask, out);
    }

    @Override
    public int readlink(Request request, long nodeid, MemorySegment out) {
        return delegate().readlink(forward(request), nodeid, out);
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return delegate().symlink(forward(request), parent, name, target, out);
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        return delegate().mknod(forward(request), parent, name, mode, rdev, umask, out);
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return delegate().mkdir(forward(request), parent, name, mode, umask, out);
    }

    @Override
    public int unlink(Request request, long parent, Name name) {
        return delegate().unlink(forward(request), parent, name);
    }

    @Override
    public int rmdir(Request request, long parent, Name name) {
        return delegate().rmdir(forward(request), parent, name);
    }

    @Override
    public int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
        return delegate().rename(forward(request), parent, name, newParent, newName, flags);
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        return delegate().link(forward(request), nodeid, newParent, newName, out);
    }

    @Override
    public int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
        return delegate().open(forward(request), nodeid, flags, openFlags, out);
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
        return delegate().create(forward(request), parent, name, flags, mode, umask, openFlags, entry, out);
    }

    @Override
    public int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        return delegate().tmpfile(forward(request), parent, flags, mode, umask, openFlags, entry, out);
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
        return delegate().read(forward(request), nodeid, fh, offset, flags, to);
    }

    @Override
    public long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        return delegate().write(forward(request), nodeid, fh, offset, flags, writeFlags, from);
    }

    @Override
    public int flush(Request request, long nodeid, long fh, long lockOwner) {
        return delegate().flush(forward(request), nodeid, fh, lockOwner);
    }

    @Override
    public int release(Request request, long nodeid, long fh, int flags, int releaseFlags, long lockOwner) {
        return delegate().release(forward(request), nodeid, fh, flags, releaseFlags, lockOwner);
    }

    @Override
    public int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        return delegate().fsync(forward(request), nodeid, fh, dataOnly);
    }

    @Override
    public int opendir(Request request, long nodeid, int flags, Opened out) {
        return delegate().opendir(forward(request), nodeid, flags, out);
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        return delegate().readdir(forward(request), nodeid, fh, offset, plus, entries);
    }

    @Override
    public int releasedir(Request request, long nodeid, long fh, int flags) {
        return delegate().releasedir(forward(request), nodeid, fh, flags);
    }

    @Override
    public int fsyncdir(Request request, long nodeid, long fh, boolean dataOnly) {
        return delegate().fsyncdir(forward(request), nodeid, fh, dataOnly);
    }

    @Override
    public int statfs(Request request, long nodeid, Status out) {
        return delegate().statfs(forward(request), nodeid, out);
    }

    @Override
    public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        return delegate().setxattr(forward(request), nodeid, name, value, flags, setxattrFlags);
    }

    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return delegate().getxattr(forward(request), nodeid, name, out);
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return delegate().listxattr(forward(request), nodeid, out);
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        return delegate().removexattr(forward(request), nodeid, name);
    }

    @Override
    public int access(Request request, long nodeid, int mask) {
        return delegate().access(forward(request), nodeid, mask);
    }

    @Override
    public int getlk(Request request, long nodeid, long fh, long owner, FileLock lock, FileLock out) {
        return delegate().getlk(forward(request), nodeid, fh, owner, lock, out);
    }

    @Override
    public int setlk(Request request, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        return delegate().setlk(forward(request), nodeid, fh, owner, lock, lkFlags);
    }

    @Override
    public int awaitLock(Request request, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        return delegate().awaitLock(forward(request), nodeid, fh, owner, lock, lkFlags);
    }

    @Override
    public void endLockWait(long unique) {
        delegate().endLockWait(unique);
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
        return delegate().ioctl(forward(request), nodeid, fh, flags, command, argument, inSize, outSize);
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        return delegate().fallocate(forward(request), nodeid, fh, offset, length, mode);
    }

    @Override
    public long lseek(Request request, long nodeid, long fh, long offset, int whence) {
        return delegate().lseek(forward(request), nodeid, fh, offset, whence);
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
        return delegate()
                .copyFileRange(forward(request), nodeidIn, fhIn, offsetIn, nodeidOut, fhOut, offsetOut, length, flags);
    }

    @Override
    public int syncfs(Request request, long nodeid) {
        return delegate().syncfs(forward(request), nodeid);
    }

    @Override
    public void close() {
        delegate().close();
    }

    @Override
    public int descriptor(long nodeid, long fh) {
        return delegate().descriptor(nodeid, fh);
    }

    @Override
    public void usage(Usage out) {
        delegate().usage(out);
    }

    @Override
    public @Nullable String path(long nodeid) {
        return delegate().path(nodeid);
    }
}

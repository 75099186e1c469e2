package dev.oriel.filesystem.local;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.Usage;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One client's view of the shared directory: each operation is handed to the part that knows it. */
final class LocalSession implements FileSystemSession {
    private static final Logger LOG = System.getLogger("dev.oriel.filesystem.local");

    /** What a file made by TMPFILE is called. */
    private static final Name NO_NAME = new Name(Arena.global().allocate(1));

    private final SessionState state;
    private final PosixLocks locks;
    private final NodeAttributes attributes;
    private final Names names;
    private final Directories directories;
    private final FileData data;
    private final Locks lockRequests;
    private final OpenFiles files;
    private final InodeFlagIoctls ioctls;
    private final Xattrs xattrs;

    /** @param state closed with this, and by the caller if this throws */
    LocalSession(SessionState state, Budgets budgets, SecondReader second) {
        this.state = state;
        locks = new PosixLocks(state, budgets.lockWaits());
        attributes = new NodeAttributes(state);
        names = new Names(state);
        directories = new Directories(state);
        data = new FileData(state, second);
        lockRequests = new Locks(state, locks);
        files = new OpenFiles(state, locks);
        ioctls = new InodeFlagIoctls(state);
        xattrs = new Xattrs(state);
        int result = state.nodes.begin();
        if (result < 0) {
            LOG.log(
                    Level.ERROR,
                    "cannot look at the shared directory {0}: {1}. Its client gets errors only.",
                    state.options.sharedDir(),
                    Errno.name(-result));
        }
    }

    /** How many nodes the client knows beside the root. */
    int nodeCount() {
        return state.nodes.size();
    }

    @Override
    public void usage(Usage out) {
        state.usage(out);
    }

    @Override
    public @Nullable String path(long nodeid) {
        return NodePath.of(nodeid, state);
    }

    @Override
    public long flags() {
        return state.flags;
    }

    @Override
    public boolean isReadOnly() {
        return state.isReadOnly();
    }

    @Override
    public int timeGranularity() {
        return 1;
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        return names.lookup(parent, name, out);
    }

    @Override
    public void forget(long nodeid, long nlookup) {
        state.forget(nodeid, nlookup);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        return attributes.getattr(request, nodeid, fh, out);
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        return attributes.setattr(request, nodeid, in, out);
    }

    @Override
    public int statx(Request request, long nodeid, long fh, int syncFlags, int mask, Attributes out) {
        return attributes.statx(nodeid, fh, syncFlags, mask, out);
    }

    @Override
    public int readlink(Request request, long nodeid, MemorySegment out) {
        return attributes.readlink(nodeid, out);
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return names.symlink(request, parent, name, target, out);
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        return names.mknod(request, parent, name, mode, rdev, umask, out);
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return names.mkdir(request, parent, name, mode, umask, out);
    }

    @Override
    public int unlink(Request request, long parent, Name name) {
        return names.remove(request, parent, name, 0);
    }

    @Override
    public int rmdir(Request request, long parent, Name name) {
        return names.remove(request, parent, name, At.AT_REMOVEDIR);
    }

    @Override
    public int rename(Request request, long parent, Name name, long newParent, Name newName, int flags) {
        return names.rename(request, parent, name, newParent, newName, flags);
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        return names.link(nodeid, newParent, newName, out);
    }

    @Override
    public int open(Request request, long nodeid, int flags, int openFlags, Opened out) {
        return files.open(nodeid, flags, openFlags, out);
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
        return files.create(request, parent, name, flags, mode, umask, entry, out);
    }

    @Override
    public int tmpfile(
            Request request, long parent, int flags, int mode, int umask, int openFlags, Entry entry, Opened out) {
        return files.tmpfile(request, parent, flags, mode, umask, entry, out, NO_NAME);
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
        return data.read(request, nodeid, fh, offset, to);
    }

    @Override
    public long write(Request request, long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) {
        return data.write(request, nodeid, fh, offset, flags, writeFlags, from);
    }

    @Override
    public int flush(Request request, long nodeid, long fh, long lockOwner) {
        return files.flush(nodeid, fh, lockOwner);
    }

    @Override
    public int release(Request request, long nodeid, long fh, int flags, int releaseFlags, long lockOwner) {
        return files.release(nodeid, fh);
    }

    @Override
    public int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        return files.sync(request, nodeid, fh, dataOnly);
    }

    @Override
    public int opendir(Request request, long nodeid, int flags, Opened out) {
        return directories.open(request, nodeid, out);
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        return directories.read(nodeid, fh, offset, plus, entries);
    }

    @Override
    public int releasedir(Request request, long nodeid, long fh, int flags) {
        return directories.release(nodeid, fh);
    }

    @Override
    public int fsyncdir(Request request, long nodeid, long fh, boolean dataOnly) {
        return directories.sync(request, nodeid, fh, dataOnly);
    }

    @Override
    public int statfs(Request request, long nodeid, Status out) {
        return attributes.statfs(nodeid, out);
    }

    @Override
    public int setxattr(Request request, long nodeid, Name name, MemorySegment value, int flags, int setxattrFlags) {
        return xattrs.set(nodeid, name, value, flags, setxattrFlags);
    }

    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return xattrs.get(nodeid, name, out);
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return xattrs.list(nodeid, out);
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        return xattrs.remove(nodeid, name);
    }

    @Override
    public int access(Request request, long nodeid, int mask) {
        return attributes.access(request, nodeid, mask);
    }

    @Override
    public int getlk(Request request, long nodeid, long fh, long owner, FileLock lock, FileLock out) {
        return lockRequests.get(nodeid, fh, owner, lock, out);
    }

    @Override
    public int setlk(Request request, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        return lockRequests.set(nodeid, fh, owner, lock, lkFlags);
    }

    @Override
    public int awaitLock(Request request, long nodeid, long fh, long owner, FileLock lock, int lkFlags) {
        return lockRequests.await(request.unique(), nodeid, fh, owner, lock, lkFlags);
    }

    @Override
    public void endLockWait(long unique) {
        locks.endWait(unique);
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
        return ioctls.call(request, nodeid, fh, command, argument, inSize, outSize);
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        return data.fallocate(request, nodeid, fh, offset, length, mode);
    }

    @Override
    public long lseek(Request request, long nodeid, long fh, long offset, int whence) {
        return data.lseek(nodeid, fh, offset, whence);
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
        return data.copy(request, nodeidIn, fhIn, offsetIn, nodeidOut, fhOut, offsetOut, length, flags);
    }

    @Override
    public int syncfs(Request request, long nodeid) {
        return files.syncfs(request, nodeid);
    }

    @Override
    public int descriptor(long nodeid, long fh) {
        return files.descriptor(nodeid, fh);
    }

    @Override
    public void close() {
        locks.close();
        state.close();
    }
}

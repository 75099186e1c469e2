package dev.oriel.filesystem.path;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.filesystem.Usage;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * One client's view of the files of a provider. Each operation waits for a thread that may block, and here each thing
 * that a provider throws becomes an errno.
 */
final class PathSession implements FileSystemSession {
    private static final long FLAGS = FuseInitFlags.ASYNC_READ
            | FuseInitFlags.ATOMIC_O_TRUNC
            | FuseInitFlags.BIG_WRITES
            | FuseInitFlags.ASYNC_DIO
            | FuseInitFlags.PARALLEL_DIROPS
            | FuseInitFlags.MAX_PAGES
            | FuseInitFlags.INIT_EXT
            | FuseInitFlags.HAS_INODE_DAX
            | FuseInitFlags.DO_READDIRPLUS
            | FuseInitFlags.READDIRPLUS_AUTO
            | FuseInitFlags.AUTO_INVAL_DATA;

    private final long flags;
    private final PathClient client;
    private final PathNames names;
    private final PathFiles files;
    private final PathAttributes attributes;
    private final PathDirectories directories;

    PathSession(PathShare share, long offered) {
        flags = FLAGS & offered;
        client = new PathClient(share, flags);
        names = new PathNames(client);
        files = new PathFiles(client, names);
        attributes = new PathAttributes(client, files);
        directories = new PathDirectories(client);
    }

    /** What asks the provider. */
    private interface Operation {
        long run() throws IOException;
    }

    /** Asks by what is open: no name is looked for. */
    private static long answer(Request request, Operation operation) {
        return request.mayBlock() ? run(operation) : WOULD_BLOCK;
    }

    /** Asks by a path. */
    private int find(Request request, Operation operation) {
        return holding(request, client.share.naming.readLock(), operation);
    }

    /** Changes what a path leads to. */
    private int move(Request request, Operation operation) {
        return isReadOnly() ? -Errno.EROFS : holding(request, client.share.naming.writeLock(), operation);
    }

    private static int holding(Request request, Lock lock, Operation operation) {
        if (!request.mayBlock()) {
            return WOULD_BLOCK;
        }
        lock.lock();
        try {
            return (int) run(operation);
        } finally {
            lock.unlock();
        }
    }

    private static long run(Operation operation) {
        try {
            return operation.run();
        } catch (Throwable thrown) {
            return ThrownErrno.of(thrown);
        }
    }

    private int change(Request request, Operation operation) {
        return isReadOnly() ? -Errno.EROFS : find(request, operation);
    }

    @Override
    public void usage(Usage out) {
        client.usage(out);
    }

    @Override
    public @Nullable String path(long nodeid) {
        PathNode node = client.nodes.get(nodeid);
        return node == null ? null : node.path(client.nodes.root());
    }

    /** How many nodes the client knows beside the root. */
    int nodeCount() {
        return client.nodes.size();
    }

    @Override
    public long flags() {
        return flags;
    }

    @Override
    public boolean isReadOnly() {
        return client.share.options.readOnly();
    }

    @Override
    public int lookup(Request request, long parent, Name name, Entry out) {
        return find(request, () -> names.lookup(parent, name, out));
    }

    @Override
    public void forget(long nodeid, long nlookup) {
        client.nodes.forget(nodeid, nlookup);
    }

    @Override
    public int getattr(Request request, long nodeid, long fh, Attributes out) {
        return find(request, () -> attributes.get(nodeid, fh, out));
    }

    @Override
    public int setattr(Request request, long nodeid, AttributeChange in, Attributes out) {
        return change(request, () -> attributes.set(nodeid, in, out));
    }

    @Override
    public int readlink(Request request, long nodeid, MemorySegment out) {
        return find(request, () -> names.readlink(nodeid, out));
    }

    @Override
    public int symlink(Request request, long parent, Name name, Name target, Entry out) {
        return move(request, () -> names.symlink(request, parent, name, target, out));
    }

    @Override
    public int mknod(Request request, long parent, Name name, int mode, int rdev, int umask, Entry out) {
        return change(request, () -> names.mknod(request, parent, name, mode, out));
    }

    @Override
    public int mkdir(Request request, long parent, Name name, int mode, int umask, Entry out) {
        return change(request, () -> names.mkdir(request, parent, name, mode, out));
    }

    @Override
    public int unlink(Request request, long parent, Name name) {
        return move(request, () -> names.unlink(parent, name));
    }

    @Override
    public int rmdir(Request request, long parent, Name name) {
        return move(request, () -> names.rmdir(parent, name));
    }

    @Override
    public int rename(Request request, long parent, Name name, long newParent, Name newName, int renameFlags) {
        return move(request, () -> names.rename(parent, name, newParent, newName, renameFlags));
    }

    @Override
    public int link(Request request, long nodeid, long newParent, Name newName, Entry out) {
        return move(request, () -> names.link(nodeid, newParent, newName, out));
    }

    @Override
    public int open(Request request, long nodeid, int openFlags, int fuseFlags, Opened out) {
        return find(request, () -> files.open(nodeid, openFlags, out));
    }

    @Override
    public int create(
            Request request,
            long parent,
            Name name,
            int openFlags,
            int mode,
            int umask,
            int fuseFlags,
            Entry entry,
            Opened out) {
        return change(request, () -> files.create(request, parent, name, openFlags, mode, entry, out));
    }

    @Override
    public int tmpfile(
            Request request, long parent, int openFlags, int mode, int umask, int fuseFlags, Entry entry, Opened out) {
        return isReadOnly() ? -Errno.EROFS : -Errno.EOPNOTSUPP;
    }

    @Override
    public long read(Request request, long nodeid, long fh, long offset, int openFlags, IoVector to) {
        return answer(request, () -> files.read(nodeid, fh, offset, to));
    }

    @Override
    public long write(
            Request request, long nodeid, long fh, long offset, int openFlags, int writeFlags, IoVector from) {
        return answer(request, () -> files.write(nodeid, fh, offset, openFlags, writeFlags, from));
    }

    @Override
    public int flush(Request request, long nodeid, long fh, long lockOwner) {
        return (int) answer(request, () -> files.flush(nodeid, fh));
    }

    @Override
    public int release(Request request, long nodeid, long fh, int openFlags, int releaseFlags, long lockOwner) {
        return (int) answer(request, () -> files.release(nodeid, fh));
    }

    @Override
    public int fsync(Request request, long nodeid, long fh, boolean dataOnly) {
        return (int) answer(request, () -> files.sync(nodeid, fh, dataOnly));
    }

    @Override
    public int opendir(Request request, long nodeid, int openFlags, Opened out) {
        return find(request, () -> directories.open(nodeid, out));
    }

    @Override
    public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
        return find(request, () -> directories.read(nodeid, fh, offset, plus, entries));
    }

    @Override
    public int releasedir(Request request, long nodeid, long fh, int openFlags) {
        return directories.release(nodeid, fh);
    }

    @Override
    public int statfs(Request request, long nodeid, Status out) {
        return find(request, () -> attributes.statfs(out));
    }

    @Override
    public int setxattr(
            Request request, long nodeid, Name name, MemorySegment value, int xattrFlags, int setxattrFlags) {
        return change(request, () -> PathXattrs.set(client, nodeid, name, value, xattrFlags));
    }

    @Override
    public int getxattr(Request request, long nodeid, Name name, MemorySegment out) {
        return find(request, () -> PathXattrs.get(client, nodeid, name, out));
    }

    @Override
    public int listxattr(Request request, long nodeid, MemorySegment out) {
        return find(request, () -> PathXattrs.list(client, nodeid, out));
    }

    @Override
    public int removexattr(Request request, long nodeid, Name name) {
        return change(request, () -> PathXattrs.remove(client, nodeid, name));
    }

    @Override
    public int fallocate(Request request, long nodeid, long fh, long offset, long length, int mode) {
        return isReadOnly()
                ? -Errno.EROFS
                : (int) answer(request, () -> files.fallocate(nodeid, fh, offset, length, mode));
    }

    @Override
    public int syncfs(Request request, long nodeid) {
        return (int) answer(request, client.share::writeBack);
    }

    @Override
    public void close() {
        client.close();
    }
}

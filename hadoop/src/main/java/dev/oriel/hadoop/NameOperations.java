package dev.oriel.hadoop;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import java.io.IOException;
import java.util.EnumSet;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.jspecify.annotations.Nullable;

/** What finds, makes, moves and removes names. Everything here waits for the cluster. */
final class NameOperations {
    private static final int BUFFER = 64 << 10;
    private static final int STRIPES = 64;

    private final HadoopState state;
    private final Cluster cluster;
    private final FileSystem files;

    /** Hadoop makes a directory that is there without a word, and some of its file systems a file. */
    private static final ReentrantLock[] MAKING = new ReentrantLock[STRIPES];

    static {
        for (int i = 0; i < STRIPES; i++) {
            MAKING[i] = new ReentrantLock();
        }
    }

    NameOperations(HadoopState state) {
        this.state = state;
        cluster = state.cluster;
        files = cluster.files();
    }

    private static FsPermission permission(int mode) {
        return FsPermission.createImmutable((short) (mode & Modes.KEPT));
    }

    int lookup(HadoopNode parent, String name, Entry out) {
        if (!HadoopState.isShown(name)) {
            return -Errno.ENOENT;
        }
        return (int) cluster.ask(() -> state.enter(parent, name, cluster.status(cluster.child(parent, name)), out));
    }

    int mkdir(Request request, HadoopNode parent, String name, int mode, Entry out) {
        ReentrantLock making = making(parent, name);
        return (int) cluster.ask(() -> {
            Path path = cluster.child(parent, name);
            making.lock();
            try {
                if (isThere(path)) {
                    return -Errno.EEXIST;
                }
                // the folder above must be there: Hadoop would make it
                FileStatus above = cluster.status(cluster.path(parent));
                if (!above.isDirectory()) {
                    return -Errno.ENOTDIR;
                }
                if (!files.mkdirs(path, permission(mode))) {
                    return -Errno.EIO;
                }
            } finally {
                making.unlock();
            }
            if ((mode & FileMode.S_ISVTX) != 0) {
                files.setPermission(path, permission(mode));
            }
            return entered(request, parent, name, path, out);
        });
    }

    private static ReentrantLock making(HadoopNode parent, String name) {
        return MAKING[Math.floorMod(31 * Long.hashCode(parent.ino) + name.hashCode(), STRIPES)];
    }

    private boolean isThere(Path path) throws IOException {
        try {
            FileStatus _ = cluster.status(path);
            return true;
        } catch (java.io.FileNotFoundException absent) {
            return false;
        }
    }

    /** Answers with what was just made. If the client may know no more, it is taken back. */
    private int entered(Request request, HadoopNode parent, String name, Path path, Entry out) throws IOException {
        FileStatus status = cluster.status(path);
        cluster.give(path, status, request.uid(), request.gid());
        int result = state.enter(parent, name, cluster.status(path), out);
        if (result != 0) {
            boolean _ = files.delete(path, false);
        }
        return result;
    }

    /** Makes a file and answers with a stream to it, which the caller closes. */
    private FSDataOutputStream make(Path path, int mode) throws IOException {
        return files.create(
                path,
                permission(mode),
                EnumSet.of(CreateFlag.CREATE),
                BUFFER,
                files.getDefaultReplication(path),
                files.getDefaultBlockSize(path),
                null);
    }

    /** The same; null if it is made, and there is nothing to be seen or refused of a stream before it is complete. */
    private @Nullable FSDataOutputStream begin(HadoopNode parent, String name, Path path, int mode) throws IOException {
        // of two guests one is to be refused: a store that makes a file when it is complete looks before
        ReentrantLock making = making(parent, name);
        making.lock();
        try {
            FSDataOutputStream stream = make(path, mode);
            if (stream.hasCapability("hsync")) {
                return stream;
            }
            stream.close();
            return null;
        } finally {
            making.unlock();
        }
    }

    int mknod(Request request, HadoopNode parent, String name, int mode, Entry out) {
        if ((mode & FileMode.S_IFMT) != FileMode.S_IFREG) {
            return -Errno.EPERM;
        }
        return (int) cluster.ask(() -> {
            Path path = cluster.child(parent, name);
            FSDataOutputStream stream = begin(parent, name, path, mode);
            if (stream != null) {
                stream.close();
            }
            return entered(request, parent, name, path, out);
        });
    }

    /** Makes a file and opens it. */
    int create(
            Request request,
            HadoopNode parent,
            String name,
            int flags,
            int mode,
            Entry entry,
            Opened opened,
            DataOperations data) {
        if (!state.handles.reserve()) {
            return -Errno.ENFILE;
        }
        int result = (int) cluster.ask(() -> {
            Path path = cluster.child(parent, name);
            FSDataOutputStream stream;
            try {
                stream = begin(parent, name, path, mode);
            } catch (IOException refused) {
                // one that is just written is in use, and there
                int errno = HadoopErrno.of(refused);
                boolean isThere = errno == -Errno.EEXIST || (errno == -Errno.EBUSY && isThere(path));
                if (!isThere) {
                    throw refused;
                }
                // The client saw no such name, and has not checked who may open what is there by now. ESTALE makes it
                // look the name up again, and then open it.
                return (flags & OpenFlags.O_EXCL) != 0 ? -Errno.EEXIST : -Errno.ESTALE;
            }
            return open(request, parent, name, path, flags, stream, entry, opened, data);
        });
        if (result != 0) {
            state.handles.unreserve();
        }
        return result;
    }

    /** Opens what was just made; a stream that nobody can use is given up. */
    private int open(
            Request request,
            HadoopNode parent,
            String name,
            Path path,
            int flags,
            @Nullable FSDataOutputStream stream,
            Entry entry,
            Opened opened,
            DataOperations data)
            throws IOException {
        boolean isOpen = false;
        try {
            int entered = entered(request, parent, name, path, entry);
            if (entered != 0) {
                return entered;
            }
            HadoopNode node = state.nodes.get(entry.nodeid);
            if (node == null) {
                return -Errno.EIO;
            }
            int result = data.open(node, flags, stream, opened);
            isOpen = result == 0;
            if (!isOpen) {
                state.nodes.forget(node.nodeid, 1);
            }
            return result;
        } finally {
            if (!isOpen && stream != null) {
                cluster.abandon(stream, path);
            }
        }
    }

    /** Over HTTP a link could not be told from what it leads to. */
    int symlink(Request request, HadoopNode parent, String name, String target, Entry out) {
        if (!(files instanceof DistributedFileSystem)) {
            return -Errno.EPERM;
        }
        int result = (int) cluster.ask(() -> {
            Path path = cluster.child(parent, name);
            files.createSymlink(new Path(null, null, target), path, false);
            return entered(request, parent, name, path, out);
        });
        return result == -Errno.EOPNOTSUPP ? -Errno.EPERM : result;
    }

    /** The target of a link. */
    byte[] readlink(HadoopNode node) throws IOException {
        return Links.target(files, cluster.path(node));
    }

    int remove(HadoopNode parent, String name, boolean isDirectory) {
        return (int) cluster.ask(() -> {
            Path path = cluster.child(parent, name);
            FileStatus status = cluster.status(path);
            if (status.isDirectory() != isDirectory) {
                return isDirectory ? -Errno.ENOTDIR : -Errno.EISDIR;
            }
            HadoopFile open = isDirectory ? null : opened(parent, name, status);
            boolean isKept = open != null && open.keep() == 0;
            try {
                if (!files.delete(path, false)) {
                    return -Errno.ENOENT;
                }
                if (open != null) {
                    open.removed(status);
                    state.files.removed(open);
                }
                isKept = false;
            } finally {
                if (isKept && open != null) {
                    open.unkeep();
                }
            }
            state.nodes.removed(parent, name);
            return 0;
        });
    }

    /** The file behind a name that is about to go, if it is open. */
    private @Nullable HadoopFile opened(HadoopNode parent, String name, FileStatus status) {
        HadoopNode node = state.nodes.enter(parent, name, status);
        if (node == null) {
            return null;
        }
        try {
            return state.files.get(node);
        } finally {
            state.nodes.forget(node.nodeid, 1);
        }
    }

    int rename(HadoopNode parent, String name, HadoopNode newParent, String newName, int flags) {
        if ((flags & ~RenameFlags.RENAME_NOREPLACE) != 0) {
            return -Errno.EINVAL;
        }
        boolean replaces = flags == 0;
        return (int) cluster.ask(() -> {
            Path from = cluster.child(parent, name);
            Path to = cluster.child(newParent, newName);
            FileStatus source = cluster.status(from);
            HadoopFile moving = source.isFile() ? opened(parent, name, source) : null;
            FileStatus target = isThere(to) ? cluster.status(to) : null;
            if (target != null) {
                if (!replaces) {
                    return -Errno.EEXIST;
                }
                if (isSame(source, target, from, to)) {
                    return 0;
                }
                if (source.isDirectory() != target.isDirectory()) {
                    return target.isDirectory() ? -Errno.EISDIR : -Errno.ENOTDIR;
                }
            }
            HadoopFile replaced = target != null && target.isFile() ? opened(newParent, newName, target) : null;
            boolean isKept = replaced != null && replaced.keep() == 0;
            try {
                Callable<Integer> move = () -> {
                    cluster.rename(from, to, replaces);
                    if (replaced != null) {
                        state.files.removed(replaced);
                    }
                    state.nodes.moved(parent, name, newParent, newName);
                    state.files.moved(from, to);
                    return 0;
                };
                // an object that is written while it is copied would be written to where it was
                HadoopFile resting = cluster.objects() != null ? moving : null;
                int result = resting != null ? resting.atRest(() -> (int) cluster.ask(move)) : move.call();
                if (result != 0) {
                    return result;
                }
                if (replaced != null && target != null) {
                    replaced.removed(target);
                }
                isKept = false;
            } finally {
                if (isKept && replaced != null) {
                    replaced.unkeep();
                }
            }
            if (moving != null) {
                moving.place().moved(cluster.path(newParent));
            }
            return 0;
        });
    }

    private boolean isSame(FileStatus source, FileStatus target, Path from, Path to) {
        long inode = cluster.inode(source);
        return inode != 0 ? inode == cluster.inode(target) : from.equals(to);
    }
}

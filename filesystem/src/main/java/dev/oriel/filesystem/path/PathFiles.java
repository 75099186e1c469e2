package dev.oriel.filesystem.path;

import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/** OPEN, CREATE, READ, WRITE, FALLOCATE, FLUSH, FSYNC, RELEASE. */
final class PathFiles {
    private static final int PUNCH = FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE;
    private static final int ZERO = FallocateMode.FALLOC_FL_ZERO_RANGE;

    private final PathClient client;
    private final PathNames names;

    PathFiles(PathClient client, PathNames names) {
        this.client = client;
        this.names = names;
    }

    /** Thrown to answer an errno that was made here. */
    private static final class Refused extends IOException implements ThrownErrno.Known {
        private static final long serialVersionUID = 1L;

        private final int errno;

        Refused(int errno) {
            super(Errno.message(errno));
            this.errno = errno;
        }

        @Override
        public int errno() {
            return errno;
        }
    }

    private FileContent content(Path path, int flags, boolean isNew) throws IOException {
        if (!client.share.wholeFiles()) {
            try {
                ChannelContent content = ChannelContent.open(path, options(flags, isNew));
                if (content != null) {
                    return content;
                }
                client.share.stageFiles();
                return staged(path, flags);
            } catch (UnsupportedOperationException onlyStreams) {
                client.share.stageFiles();
            }
        }
        if (isNew) {
            Path _ = Files.createFile(path);
        }
        return staged(path, flags);
    }

    private FileContent staged(Path path, int flags) throws IOException {
        int[] error = new int[1];
        FileContent content = client.share.staged.open(path, client.changes, error);
        if (content == null) {
            throw new Refused(-error[0]);
        }
        if ((flags & OpenFlags.O_TRUNC) != 0 && content.size() > 0) {
            int result = content.truncate(0);
            if (result != 0) {
                int _ = content.close();
                throw new Refused(-result);
            }
        }
        return content;
    }

    private static Set<OpenOption> options(int flags, boolean isNew) {
        Set<OpenOption> options = new HashSet<>();
        int access = flags & OpenFlags.O_ACCMODE;
        boolean cuts = (flags & OpenFlags.O_TRUNC) != 0;
        if (access != OpenFlags.O_WRONLY) {
            options.add(StandardOpenOption.READ);
        }
        if (access != OpenFlags.O_RDONLY || cuts || isNew) {
            options.add(StandardOpenOption.WRITE);
        }
        if (isNew) {
            options.add(StandardOpenOption.CREATE_NEW);
        } else if (cuts) {
            options.add(StandardOpenOption.TRUNCATE_EXISTING);
        }
        return options;
    }

    private static void requireFile(PathStat stat) throws Refused {
        if (!stat.isFile()) {
            int type = stat.type();
            throw new Refused(
                    type == FileMode.S_IFDIR ? Errno.EISDIR : type == FileMode.S_IFLNK ? Errno.ELOOP : Errno.EPERM);
        }
    }

    int open(long nodeid, int flags, Opened out) throws IOException {
        boolean changes = (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY || (flags & OpenFlags.O_TRUNC) != 0;
        if (changes && client.share.options.readOnly()) {
            return -Errno.EROFS;
        }
        PathNode node = client.node(nodeid);
        Path path = client.resolver.of(node);
        PathStat stat = client.share.look(path);
        requireFile(stat);
        if (!client.handles.reserve()) {
            return -Errno.ENFILE;
        }
        try {
            add(node, path, stat, content(path, flags, false), flags, out);
        } catch (Throwable failed) {
            client.handles.unreserve();
            throw failed;
        }
        return 0;
    }

    private void shareEnd(FileContent content, Path path, PathStat stat) {
        if (content instanceof ChannelContent channel) {
            channel.shareEnd(client.share.end(stat.key() == null ? path : stat.key()));
        }
    }

    private void add(PathNode node, Path path, PathStat stat, FileContent content, int flags, Opened out) {
        shareEnd(content, path, stat);
        OpenContent open = new OpenContent(node.nodeid, node, content, flags);
        client.fill(node, path, stat, open.attributes);
        client.handles.add(open);
        out.fh = open.number();
        out.openFlags = client.share.options.cache().fileOpenFlags();
    }

    int create(Request request, long parent, Name name, int flags, int mode, Entry entry, Opened out)
            throws IOException {
        if (!client.handles.reserve()) {
            return -Errno.ENFILE;
        }
        int result;
        try {
            result = createReserved(request, parent, name, flags, mode, entry, out);
        } catch (Throwable failed) {
            client.handles.unreserve();
            throw failed;
        }
        if (result != 0) {
            client.handles.unreserve();
        }
        return result;
    }

    private int createReserved(Request request, long parent, Name name, int flags, int mode, Entry entry, Opened out)
            throws IOException {
        PathNode directory = client.node(parent);
        String text = PathResolver.text(name);
        Path path = client.resolver.of(directory, text);
        FileContent content;
        try {
            content = content(path, flags, true);
        } catch (IOException refused) {
            IOException why = RefusalReason.ofMaking(path, refused);
            if (!(why instanceof FileAlreadyExistsException)) {
                throw why;
            }
            // The client saw no such name, and has not checked who may open what is there by now. ESTALE makes it
            // look the name up again, and then open it.
            return (flags & OpenFlags.O_EXCL) != 0 ? -Errno.EEXIST : -Errno.ESTALE;
        }
        int result;
        try {
            names.adopt(request, path, mode);
            PathStat stat = client.share.look(path);
            PathNode node = client.nodes.enter(directory, text, stat);
            result = node == null ? -Errno.ENFILE : 0;
            if (node != null) {
                client.fill(node, path, stat, entry);
                add(node, path, stat, content, flags, out);
                return 0;
            }
            takeBack(content, path);
        } catch (Throwable failed) {
            takeBack(content, path);
            throw failed;
        }
        return result;
    }

    private static void takeBack(FileContent content, Path path) {
        try {
            int _ = content.close();
        } catch (Throwable further) {
            int _ = ThrownErrno.of(further); // the client is told why it was not made
        }
        PathNames.remove(path);
    }

    long read(long nodeid, long fh, long offset, IoVector to) throws IOException {
        if (offset < 0) {
            return -Errno.EINVAL;
        }
        OpenContent open = client.handles.enter(fh, nodeid, OpenContent.class);
        if (open == null) {
            return -Errno.EBADF;
        }
        try {
            return open.content.read(offset, to);
        } finally {
            open.leave();
        }
    }

    long write(long nodeid, long fh, long offset, int flags, int writeFlags, IoVector from) throws IOException {
        if (offset < 0 || offset + from.bytes() < 0) {
            return -Errno.EINVAL;
        }
        OpenContent open = client.handles.enter(fh, nodeid, OpenContent.class);
        if (open == null) {
            return -Errno.EBADF;
        }
        try {
            if (!open.isWritable) {
                return -Errno.EBADF;
            }
            // What the client has in its cache has a place already.
            boolean appends = (flags & OpenFlags.O_APPEND) != 0 && (writeFlags & FuseFlags.WRITE_CACHE) == 0;
            return appends ? open.content.append(from) : open.content.write(offset, from);
        } finally {
            open.leave();
        }
    }

    int truncate(PathNode node, long size) throws IOException {
        if (size < 0) {
            return -Errno.EINVAL;
        }
        Path path = client.resolver.of(node);
        PathStat stat = client.share.look(path);
        requireFile(stat);
        FileContent content = content(path, OpenFlags.O_WRONLY, false);
        shareEnd(content, path, stat);
        int result;
        try {
            result = content.truncate(size);
        } catch (Throwable failed) {
            int _ = content.close();
            throw failed;
        }
        int closed = content.close();
        return result != 0 ? result : closed;
    }

    int fallocate(long nodeid, long fh, long offset, long length, int mode) throws IOException {
        if (offset < 0 || length <= 0 || offset + length < 0) {
            return -Errno.EINVAL;
        }
        OpenContent open = client.handles.enter(fh, nodeid, OpenContent.class);
        if (open == null) {
            return -Errno.EBADF;
        }
        try {
            if (!open.isWritable) {
                return -Errno.EBADF;
            }
            if (mode == 0) {
                return open.content.grow(offset + length);
            }
            if (mode == PUNCH || mode == (ZERO | FallocateMode.FALLOC_FL_KEEP_SIZE)) {
                return open.content.zero(offset, length);
            }
            return -Errno.EOPNOTSUPP;
        } finally {
            open.leave();
        }
    }

    int flush(long nodeid, long fh) throws IOException {
        OpenContent open = client.handles.enter(fh, nodeid, OpenContent.class);
        if (open == null) {
            return -Errno.EBADF;
        }
        try {
            return open.content.flush();
        } finally {
            open.leave();
        }
    }

    int sync(long nodeid, long fh, boolean dataOnly) throws IOException {
        OpenContent open = client.handles.enter(fh, nodeid, OpenContent.class);
        if (open == null) {
            return -Errno.EBADF;
        }
        try {
            return open.content.sync(dataOnly);
        } finally {
            open.leave();
        }
    }

    int release(long nodeid, long fh) {
        return client.handles.release(fh, nodeid) ? 0 : -Errno.EBADF;
    }
}

package dev.oriel.filesystem.path;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** GETATTR, SETATTR, STATFS. */
final class PathAttributes {
    private final PathClient client;
    private final PathFiles files;

    PathAttributes(PathClient client, PathFiles files) {
        this.client = client;
        this.files = files;
    }

    int get(long nodeid, long fh, Attributes out) throws IOException {
        PathNode node = client.nodes.get(nodeid);
        if (node == null) {
            return open(nodeid, fh, out);
        }
        try {
            Path path = client.resolver.of(node);
            PathStat stat = client.share.look(path);
            if (stat.type() != node.type) {
                return -Errno.ESTALE;
            }
            client.fill(node, path, stat, out);
            return 0;
        } catch (NoSuchFileException gone) {
            int result = open(nodeid, fh, out);
            if (result == 0) {
                return 0;
            }
            throw gone;
        }
    }

    /** The attributes of a file without a name: what they were when it was opened, and its size. */
    private int open(long nodeid, long fh, Attributes out) throws IOException {
        Handle handle =
                fh == FileSystemSession.NO_HANDLE ? client.handles.enterAny(nodeid) : client.handles.enter(fh, nodeid);
        if (handle == null) {
            return -Errno.ENOENT;
        }
        try {
            if (!(handle instanceof OpenContent open)) {
                return -Errno.ENOENT;
            }
            out.copyFrom(open.attributes);
            PathStat.changed(out, open.content.size(), open.content.modified());
            out.nlink = 0;
            return 0;
        } finally {
            handle.leave();
        }
    }

    int set(long nodeid, AttributeChange in, Attributes out) throws IOException {
        int result = 0;
        if (in.has(FuseFlags.FATTR_SIZE)) {
            result = truncate(nodeid, in);
        }
        boolean others = (in.valid
                        & (FuseFlags.FATTR_MODE
                                | FuseFlags.FATTR_UID
                                | FuseFlags.FATTR_GID
                                | FuseFlags.FATTR_ATIME
                                | FuseFlags.FATTR_MTIME))
                != 0;
        if (result == 0 && others) {
            result = setOthers(client.resolver.of(client.node(nodeid)), in);
        }
        long fh = in.has(FuseFlags.FATTR_FH) ? in.fh : FileSystemSession.NO_HANDLE;
        return result != 0 ? result : get(nodeid, fh, out);
    }

    private int truncate(long nodeid, AttributeChange in) throws IOException {
        if (in.has(FuseFlags.FATTR_FH)) {
            OpenContent open = client.handles.enter(in.fh, nodeid, OpenContent.class);
            if (open != null) {
                try {
                    if (open.isWritable) {
                        return open.content.truncate(in.size);
                    }
                } finally {
                    open.leave();
                }
            }
        }
        return files.truncate(client.node(nodeid), in.size);
    }

    private int setOthers(Path path, AttributeChange in) throws IOException {
        PathViews views = client.share.views;
        PathStat stat = client.share.look(path);
        int type = stat.type();
        if (type != FileMode.S_IFREG && type != FileMode.S_IFDIR && type != FileMode.S_IFLNK) {
            return -Errno.EPERM; // a provider may open what it changes, and that may wait for ever
        }
        if (type == FileMode.S_IFLNK && !views.spareTargets()) {
            return -Errno.EOPNOTSUPP;
        }
        boolean done = true;
        if (in.has(FuseFlags.FATTR_MODE)) {
            done = views.setMode(path, stat, in.mode);
        }
        if (done && (in.valid & (FuseFlags.FATTR_UID | FuseFlags.FATTR_GID)) != 0) {
            int uid = in.has(FuseFlags.FATTR_UID) ? in.uid : -1;
            int gid = in.has(FuseFlags.FATTR_GID) ? in.gid : -1;
            done = views.setOwner(path, stat, uid, gid);
            if (done && !views.isHost()) {
                PathStat now = client.share.look(path); // a provider may do nothing, and not say so
                done = (uid == -1 || now.uid() == uid) && (gid == -1 || now.gid() == gid);
            }
        }
        if (!done) {
            return -Errno.EPERM;
        }
        if ((in.valid & (FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME)) != 0) {
            int back = client.share.staged.writeBack(
                    path, client.changes); // or else the times would be those of the writing
            if (back != 0) {
                return back;
            }
            FileTime accessed = time(in, FuseFlags.FATTR_ATIME, FuseFlags.FATTR_ATIME_NOW, in.atime, in.atimensec);
            FileTime modified = time(in, FuseFlags.FATTR_MTIME, FuseFlags.FATTR_MTIME_NOW, in.mtime, in.mtimensec);
            // both: a provider may take one alone for none
            views.setTimes(
                    path, accessed == null ? stat.accessed() : accessed, modified == null ? stat.modified() : modified);
        }
        return 0;
    }

    private static @Nullable FileTime time(AttributeChange in, int set, int now, long seconds, int nanos) {
        if (!in.has(set)) {
            return null;
        }
        return FileTime.from(in.has(now) ? Instant.now() : Instant.ofEpochSecond(seconds, nanos));
    }

    /** A provider that does not know how much there is serves a file system without a size. */
    int statfs(Status out) throws IOException {
        out.bsize = FileSystemSession.USUAL_BLOCK;
        out.namelen = FileSystemSession.NAME_MAX;
        FileStore store = Files.getFileStore(client.share.root);
        try {
            out.frsize = Math.clamp(store.getBlockSize(), 1, 1 << 20);
        } catch (UnsupportedOperationException unknown) {
            out.frsize = FileSystemSession.USUAL_BLOCK;
        }
        try {
            out.blocks = store.getTotalSpace() / out.frsize;
            out.bfree = store.getUnallocatedSpace() / out.frsize;
            out.bavail = store.getUsableSpace() / out.frsize;
        } catch (IOException | UnsupportedOperationException unknown) {
            out.blocks = 0;
            out.bfree = 0;
            out.bavail = 0;
        }
        return 0;
    }
}

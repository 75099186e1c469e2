package dev.oriel.hadoop;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Status;
import dev.oriel.filesystem.node.Handle;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.XattrFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.XAttrSetFlag;
import org.apache.hadoop.fs.permission.FsPermission;
import org.jspecify.annotations.Nullable;

/** Attributes, extended attributes, and the size of it all. Everything here waits for the cluster. */
final class AttributeOperations {
    private static final String USER = "user.";

    private final HadoopState state;
    private final Cluster cluster;
    private final FileSystem files;
    private final AccessLists lists;

    AttributeOperations(HadoopState state) {
        this.state = state;
        cluster = state.cluster;
        files = cluster.files();
        lists = new AccessLists(cluster);
    }

    int getattr(HadoopNode node, Attributes out) {
        int result = (int) cluster.ask(() -> {
            state.fill(node, cluster.status(cluster.path(node)), out);
            return 0;
        });
        return result == -Errno.ENOENT ? removed(node, out) : result;
    }

    /** A file that is open may have been removed. */
    private int removed(HadoopNode node, Attributes out) {
        Handle handle = state.handles.enterAny(node.nodeid);
        if (handle == null) {
            return -Errno.ENOENT;
        }
        try {
            FileStatus last =
                    handle instanceof OpenHadoopFile open ? open.file().removed() : null;
            if (last == null || !(handle instanceof OpenHadoopFile open)) {
                return -Errno.ENOENT;
            }
            state.fill(node, last, out);
            out.size = open.file().size();
            out.nlink = 0;
            return 0;
        } finally {
            handle.leave();
        }
    }

    private static long millis(long seconds, int nanos) {
        return seconds * 1000 + nanos / 1_000_000;
    }

    int setattr(HadoopNode node, AttributeChange in, Attributes out, DataOperations data) {
        if (node.inSnapshot) {
            return -Errno.EROFS;
        }
        if ((in.valid & FuseFlags.FATTR_SIZE) != 0) {
            int result = data.truncate(node, in.has(FuseFlags.FATTR_FH) ? in.fh : HadoopSession.NO_HANDLE, in.size);
            if (result != 0) {
                return result;
            }
        }
        int result = (int) cluster.ask(() -> {
            Path path = cluster.path(node);
            if (cluster.objects() != null) {
                return setOfObject(node, cluster.status(path), in, data);
            }
            if ((in.valid & FuseFlags.FATTR_MODE) != 0 && node.type != FileMode.S_IFLNK) {
                files.setPermission(path, FsPermission.createImmutable((short) (in.mode & Modes.KEPT)));
            }
            if ((in.valid & (FuseFlags.FATTR_UID | FuseFlags.FATTR_GID)) != 0) {
                if (isLink(node)) {
                    return -Errno.EOPNOTSUPP;
                }
                setOwner(path, in);
            }
            return setTimes(node, path, in);
        });
        return result != 0 ? result : getattr(node, out);
    }

    /** A store of objects keeps none of these, and says nothing of it: what is as wanted is well, and so is "now". */
    private int setOfObject(HadoopNode node, FileStatus status, AttributeChange in, DataOperations data) {
        boolean isOther = (in.has(FuseFlags.FATTR_MODE) && ((in.mode ^ Modes.mode(status)) & Modes.KEPT) != 0)
                || (in.has(FuseFlags.FATTR_UID) && cluster.users().number(status.getOwner()) != in.uid)
                || (in.has(FuseFlags.FATTR_GID) && cluster.groups().number(status.getGroup()) != in.gid);
        if (isOther) {
            return -Errno.EPERM;
        }
        boolean setsNow = in.has(FuseFlags.FATTR_MTIME_NOW) || in.has(FuseFlags.FATTR_ATIME_NOW);
        boolean sets = in.has(FuseFlags.FATTR_MTIME) || in.has(FuseFlags.FATTR_ATIME);
        if (sets && !setsNow) {
            long modified = Math.floorDiv(status.getModificationTime(), 1000L);
            return in.has(FuseFlags.FATTR_MTIME) && in.mtime == modified ? 0 : -Errno.EPERM;
        }
        return sets && node.type == FileMode.S_IFREG && in.has(FuseFlags.FATTR_MTIME) ? data.touch(node) : 0;
    }

    private void setOwner(Path path, AttributeChange in) throws IOException {
        FileStatus status = cluster.status(path);
        boolean changesUser = in.has(FuseFlags.FATTR_UID) && cluster.users().number(status.getOwner()) != in.uid;
        boolean changesGroup = in.has(FuseFlags.FATTR_GID) && cluster.groups().number(status.getGroup()) != in.gid;
        if (changesUser || changesGroup) {
            files.setOwner(
                    path,
                    changesUser ? cluster.users().name(in.uid) : null,
                    changesGroup ? cluster.groups().name(in.gid) : null);
        }
    }

    private int setTimes(HadoopNode node, Path path, AttributeChange in) throws IOException {
        long now = System.currentTimeMillis();
        long modified = -1;
        long accessed = -1;
        if (in.has(FuseFlags.FATTR_MTIME)) {
            modified = in.has(FuseFlags.FATTR_MTIME_NOW) ? now : millis(in.mtime, in.mtimensec);
        }
        if (in.has(FuseFlags.FATTR_ATIME)) {
            accessed = in.has(FuseFlags.FATTR_ATIME_NOW) ? now : millis(in.atime, in.atimensec);
        }
        if ((modified < 0 && accessed < 0) || node.type == FileMode.S_IFLNK) {
            return 0;
        }
        HadoopFile file = node.type == FileMode.S_IFREG ? state.files.get(node) : null;
        if (file != null) {
            return file.times(modified, accessed, state.changes);
        }
        files.setTimes(path, modified, accessed);
        return 0;
    }

    /** Whether Hadoop has such an attribute for guests; it keeps its own in other spaces of names. */
    private static boolean isUsers(@Nullable String name) {
        return name != null && name.startsWith(USER) && name.length() > USER.length();
    }

    /** Hadoop's client would reach what a link leads to, which may lie outside of what is shared. */
    private static boolean isLink(HadoopNode node) {
        return node.type == FileMode.S_IFLNK;
    }

    /**
     * Whether a user may change a list, and so a mode: root and the owner. The cluster does not know who asks, and a
     * guest before Linux 6.2 leaves it to the server where it has no lists of its own.
     */
    private boolean mayChangeList(Request request, Path path) throws IOException {
        int owner = cluster.users().number(cluster.status(path).getOwner());
        return request.uid() == 0 || (request.uid() == owner && owner != Owners.NOBODY);
    }

    int setxattr(Request request, HadoopNode node, @Nullable String name, MemorySegment value, int flags) {
        if (isLink(node)) {
            return -Errno.EPERM;
        }
        if (name != null && AccessLists.is(name)) {
            return (int) cluster.ask(() -> {
                Path path = cluster.path(node);
                return mayChangeList(request, path) ? lists.set(path, name, value) : -Errno.EPERM;
            });
        }
        if (name == null || !isUsers(name)) {
            return -Errno.EOPNOTSUPP;
        }
        EnumSet<XAttrSetFlag> how = switch (flags) {
            case XattrFlags.XATTR_CREATE -> EnumSet.of(XAttrSetFlag.CREATE);
            case XattrFlags.XATTR_REPLACE -> EnumSet.of(XAttrSetFlag.REPLACE);
            default -> EnumSet.of(XAttrSetFlag.CREATE, XAttrSetFlag.REPLACE);
        };
        return (int) cluster.ask(() -> {
            files.setXAttr(cluster.path(node), name, value.toArray(ValueLayout.JAVA_BYTE), how);
            return 0;
        });
    }

    int getxattr(HadoopNode node, @Nullable String name, MemorySegment out) {
        if (isLink(node)) {
            return -Errno.ENODATA;
        }
        if (name != null && AccessLists.is(name)) {
            return (int) cluster.ask(() -> {
                byte[] list = lists.get(cluster.path(node), name);
                return list.length == 0 ? -Errno.ENODATA : put(list, out);
            });
        }
        if (name == null || !isUsers(name)) {
            return -Errno.EOPNOTSUPP;
        }
        return (int) cluster.ask(() -> {
            byte[] value = files.getXAttr(cluster.path(node), name);
            return value == null ? -Errno.ENODATA : put(value, out);
        });
    }

    int listxattr(HadoopNode node, MemorySegment out) {
        if (isLink(node)) {
            return 0;
        }
        return (int) cluster.ask(() -> {
            StringBuilder names = new StringBuilder();
            for (String name : files.listXAttrs(cluster.path(node))) {
                if (isUsers(name)) {
                    names.append(name).append('\0');
                }
            }
            for (String name : lists.names(cluster.path(node))) {
                names.append(name).append('\0');
            }
            return put(names.toString().getBytes(StandardCharsets.UTF_8), out);
        });
    }

    int removexattr(Request request, HadoopNode node, @Nullable String name) {
        if (isLink(node)) {
            return -Errno.EPERM;
        }
        if (name != null && AccessLists.is(name)) {
            return (int) cluster.ask(() -> {
                Path path = cluster.path(node);
                if (!mayChangeList(request, path)) {
                    return -Errno.EPERM;
                }
                lists.remove(path, name);
                return 0;
            });
        }
        if (name == null || !isUsers(name)) {
            return -Errno.EOPNOTSUPP;
        }
        return (int) cluster.ask(() -> {
            files.removeXAttr(cluster.path(node), name);
            return 0;
        });
    }

    private static int put(byte[] value, MemorySegment out) {
        if (out.byteSize() == 0) {
            return value.length;
        }
        if (value.length > out.byteSize()) {
            return -Errno.ERANGE;
        }
        MemorySegment.copy(MemorySegment.ofArray(value), 0, out, 0, value.length);
        return value.length;
    }

    int statfs(HadoopNode node, Status out) {
        return (int) cluster.ask(() -> {
            FsStatus status = files.getStatus(cluster.path(node));
            out.bsize = HadoopSession.USUAL_BLOCK;
            out.frsize = HadoopSession.USUAL_BLOCK;
            out.blocks = status.getCapacity() / out.frsize;
            out.bfree = status.getRemaining() / out.frsize;
            out.bavail = out.bfree;
            out.namelen = HadoopSession.NAME_MAX;
            return 0;
        });
    }
}

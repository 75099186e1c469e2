package dev.oriel.filesystem.local;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;

/**
 * Keeps alive what loses its last name while the client may still use it: without a name a file lives only as long as
 * it is open.
 */
final class LastNames {
    private final Nodes nodes;

    LastNames(Nodes nodes) {
        this.nodes = nodes;
    }

    /**
     * Before a name is removed: if it is the last one of a file or directory that the client knows, its descriptor is
     * held until {@link #nameRemoved}. Without a name a file lives only as long as it is open, and the client may go on
     * using it.
     *
     * @param directory the descriptor of {@code parent}
     * @param files not only directories: a file that cannot be held must keep its name
     * @return 0, or -ENFILE
     */
    int holdLastName(int directory, Name name, long parent, boolean files, ThreadBuffers buffers) {
        buffers.heldNode = 0;
        buffers.endingNode = 0;
        StatxBuffer stat = buffers.stat;
        if (FileCalls.statx(directory, name.segment(), At.AT_SYMLINK_NOFOLLOW, Nodes.STAT_MASK, stat) < 0) {
            return 0; // who removes it will be told
        }
        boolean isDirectory = stat.type() == FileMode.S_IFDIR;
        if (!isDirectory && stat.nlink() > 1) {
            return 0;
        }
        MountTable.Mount mount = nodes.mounts.find(stat, nodes.mountOf(parent));
        if (mount == null) {
            return 0;
        }
        long nodeid = known(mount, directory, name, buffers);
        boolean endsWithItsName = !mount.hasBirth(stat) && mount.descriptor() < 0;
        nodes.mounts.leave(mount);
        if (nodeid == 0 || nodeid == FileSystemSession.ROOT) {
            return 0;
        }
        if (endsWithItsName) {
            buffers.endingNode = nodeid;
        }
        boolean isFile = files && stat.type() == FileMode.S_IFREG;
        return isDirectory || isFile ? hold(nodeid, isFile, buffers) : 0;
    }

    /** The node of a name of which {@code buffers.stat} has the attributes; 0 if the client does not know it. */
    private long known(MountTable.Mount mount, int directory, Name name, ThreadBuffers buffers) {
        StatxBuffer stat = buffers.stat;
        long birth = mount.birth(stat);
        if (mount.descriptor() >= 0 && !mount.hasBirth(stat)) {
            birth = NodeLookup.encodeHandle(directory, name.segment(), 0, buffers) ? NodeLookup.hashHandle(buffers) : 0;
        }
        return nodes.inodes.peek(mount.index(), stat.ino(), birth);
    }

    private int hold(long nodeid, boolean mustBeKept, ThreadBuffers buffers) {
        long node = nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return mustBeKept && (node == -Errno.EMFILE || node == -Errno.ENFILE) ? -Errno.ENFILE : 0;
        }
        int slot = InodeTable.slot(nodeid);
        boolean cached = (node & Nodes.TRANSIENT) == 0;
        boolean wasKept = cached && nodes.cache.isKept(slot);
        boolean kept = cached && nodes.cache.keep(slot);
        if (!kept && mustBeKept) {
            nodes.release(nodeid, node);
            return -Errno.ENFILE;
        }
        buffers.heldNode = nodeid;
        buffers.heldDescriptor = node;
        buffers.keptForRemoval = kept && !wasKept;
        return 0;
    }

    /**
     * After {@link #holdLastName}.
     *
     * @param removed whether the name is gone: the descriptor is then kept until the client forgets the node, as far as
     *     there is room
     */
    void nameRemoved(boolean removed, ThreadBuffers buffers) {
        long nodeid = buffers.heldNode;
        if (nodeid != 0) {
            if (!removed && buffers.keptForRemoval) {
                nodes.cache.keepNoMore(InodeTable.slot(nodeid));
            }
            nodes.release(nodeid, buffers.heldDescriptor);
        }
        if (removed && buffers.endingNode != 0) {
            nodes.inodes.detach(buffers.endingNode);
        }
    }

    /**
     * Keeps a file that never had a name until the client forgets it.
     *
     * @param opened any descriptor of it
     * @return 0 or an errno
     */
    int keepOpen(long nodeid, int opened, ThreadBuffers buffers) {
        int path = nodes.open(opened, OpenFlags.O_PATH, buffers);
        if (path < 0) {
            return path;
        }
        if (!nodes.cache.install(nodeid, path)) {
            FileCalls.close(path);
            return -Errno.ENFILE;
        }
        int slot = InodeTable.slot(nodeid);
        boolean kept = nodes.cache.keep(slot);
        nodes.unpin(slot);
        return kept ? 0 : -Errno.ENFILE;
    }
}

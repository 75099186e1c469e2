package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.Usage;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.HandleTable;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.StatxBuffer;
import dev.oriel.linux.credential.ThreadCredentials;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * What the parts of a session have in common: its options, what was agreed with the client, its nodes and open files.
 */
final class SessionState {
    final LocalOptions options;
    final long flags;

    /** Whether threads act with the ids of the caller. */
    final boolean changesIds;

    final Nodes nodes;
    final NodeLookup lookup;
    final LastNames lastNames;
    final HandleTable<OpenHandle> handles;
    final RemovedDirectories removedDirectories = new RemovedDirectories();
    final DirentBuffers direntBuffers = new DirentBuffers();

    /** Whether the client uses files without opening them; directories too, if NO_OPENDIR_SUPPORT is in force. */
    final boolean zeroMessage;

    private final FilesByNode byNode;
    private final Allowance nodeMemory;
    private final Allowance openFiles;
    private final Allowance cachedDescriptors;

    /**
     * @param threads makes the thread of files that the client does not open; a test lets it fail
     * @throws OutOfMemoryError if there is no thread; nothing is left of the session then
     */
    SessionState(
            LocalOptions options, Budgets budgets, long flags, boolean changesIds, int root, ThreadFactory threads) {
        this.options = options;
        this.flags = flags;
        this.changesIds = changesIds;
        nodeMemory = budgets.nodeMemory().open();
        openFiles = budgets.openFiles().open();
        cachedDescriptors = budgets.cachedDescriptors().open();
        handles = new HandleTable<>(openFiles);
        nodes = new Nodes(options, root, has(FuseInitFlags.SUBMOUNTS), handles, nodeMemory, cachedDescriptors);
        lookup = new NodeLookup(nodes);
        lastNames = new LastNames(nodes);
        zeroMessage = has(FuseInitFlags.NO_OPEN_SUPPORT);
        int most = (int) Math.min(Integer.MAX_VALUE, openFiles.left() / 2);
        byNode = new FilesByNode(nodes, handles, direntBuffers, most, threads);
        if (zeroMessage) {
            try {
                byNode.start();
            } catch (RuntimeException | Error noThread) {
                close();
                throw noThread;
            }
        }
    }

    /**
     * Enters an open file: {@link OpenHandle#leave} it after use.
     *
     * @param fh the handle; 0: the client did not open it
     * @param writable whether it is to be written
     * @return null if it is not open, or cannot be opened: {@link #notEntered} tells
     */
    @Nullable
    OpenFile enterFile(long fh, long nodeid, boolean writable) {
        return isHandle(fh)
                ? handles.enter(fh, nodeid, OpenFile.class)
                : byNode.enterFile(nodeid, writable, ThreadBuffers.current());
    }

    /** As {@link #enterFile}, for a directory. */
    @Nullable
    OpenDirectory enterDirectory(long fh, long nodeid) {
        return isHandle(fh)
                ? handles.enter(fh, nodeid, OpenDirectory.class)
                : byNode.enterDirectory(nodeid, ThreadBuffers.current());
    }

    /** As {@link #enterFile}, for a file or a directory, to be read. */
    @Nullable
    OpenHandle enter(long fh, long nodeid) {
        if (isHandle(fh)) {
            return handles.enter(fh, nodeid);
        }
        ThreadBuffers buffers = ThreadBuffers.current();
        long node = nodes.acquire(nodeid, buffers);
        if (node < 0) {
            buffers.notEntered = (int) node;
            return null;
        }
        boolean directory = nodes.type(nodeid) == FileMode.S_IFDIR;
        nodes.release(nodeid, node);
        return directory ? byNode.enterDirectory(nodeid, buffers) : byNode.enterFile(nodeid, false, buffers);
    }

    /** Why the last attempt of this thread to enter {@code fh} failed: an errno. */
    int notEntered(long fh) {
        return isHandle(fh) ? -Errno.EBADF : ThreadBuffers.current().notEntered;
    }

    /** The client gives lookups of a node back. */
    void forget(long nodeid, long lookups) {
        nodes.forget(nodeid, lookups);
        if (zeroMessage && !nodes.isKnown(nodeid)) {
            byNode.forget(nodeid);
        }
    }

    /** Whether all of these INIT flags are in force. */
    boolean has(long wanted) {
        return (flags & wanted) == wanted;
    }

    boolean isReadOnly() {
        return options.readOnly();
    }

    /** The caller's umask, if it is ours to apply. */
    int umask(int sent) {
        return has(FuseInitFlags.DONT_MASK) ? sent : 0;
    }

    /** Takes the caller's ids; see {@link CallerIdentity#assume}. */
    int assume(Request request, int umask, ThreadBuffers buffers) {
        return buffers.identity.assume(request, changesIds, umask(umask));
    }

    /**
     * Takes the caller's ids to make a file. A client that does not tell the group of the directory has checked it
     * (Linux before 6.3).
     *
     * @return 0 or an errno; see {@link CallerIdentity#assume}
     */
    int assumeToMake(Request request, int umask, ThreadBuffers buffers) {
        int result = SecurityContexts.check(request, this);
        if (result == 0) {
            result = assume(request, umask, buffers);
        }
        if (result == 0 && !has(FuseInitFlags.CREATE_SUPP_GROUP)) {
            buffers.identity.override(1L << ThreadCredentials.CAP_DAC_OVERRIDE);
        }
        return result;
    }

    /** As {@code assume} does for a change of content that clears set-id bits, if the client asks for that. */
    void killSuidgid(boolean asked, ThreadBuffers buffers) {
        if (asked && changesIds) {
            buffers.identity.dropFsetid();
        }
    }

    /**
     * A second look at what the whole promise rests on. The names have been checked where they entered; this holds even
     * for a device that forgot.
     *
     * @return 0 or an errno
     */
    static int check(Name name) {
        int length = name.length();
        if (length > FileSystemSession.NAME_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        if (length == 0) {
            return -Errno.ENOENT;
        }
        if (name.at(0) == '.' && (length == 1 || (length == 2 && name.at(1) == '.'))) {
            return -Errno.EINVAL;
        }
        for (int i = 0; i < length; i++) {
            byte at = name.at(i);
            if (at == '/' || at == 0) {
                return -Errno.EINVAL;
            }
        }
        return 0;
    }

    /** Fills {@code out} with the attributes of a file. */
    void fill(Attributes out, StatxBuffer stat, MountTable.Mount mount) {
        out.ino = mount.reported(stat);
        out.size = stat.size();
        out.blocks = stat.blocks();
        out.atime = stat.atimeSeconds();
        out.atimensec = stat.atimeNanos();
        out.mtime = stat.mtimeSeconds();
        out.mtimensec = stat.mtimeNanos();
        out.ctime = stat.ctimeSeconds();
        out.ctimensec = stat.ctimeNanos();
        out.btime = stat.btimeSeconds();
        out.btimensec = stat.btimeNanos();
        out.mode = stat.mode();
        out.nlink = stat.nlink();
        out.uid = stat.uid();
        out.gid = stat.gid();
        out.rdevMajor = stat.rdevMajor();
        out.rdevMinor = stat.rdevMinor();
        out.blksize = stat.blksize();
        out.flags = daxFlag(stat);
        // Mount and device are the client's own matter: only what it may ask the file system for.
        out.mask = stat.mask() & (StatxBuffer.STATX_BASIC_STATS | StatxBuffer.STATX_BTIME);
        out.attributes = stat.attributes() & ~StatxBuffer.STATX_ATTR_MOUNT_ROOT;
        out.attributesMask = stat.attributesMask() & ~StatxBuffer.STATX_ATTR_MOUNT_ROOT;
        out.validNanos = options.cache().validNanos();
    }

    /**
     * The client is told of a window only if it has one: then a file too small to be worth a range of it goes by
     * requests.
     */
    private int daxFlag(StatxBuffer stat) {
        return has(FuseInitFlags.HAS_INODE_DAX)
                        && stat.type() == FileMode.S_IFREG
                        && stat.size() >= options.daxMinSize()
                ? FuseFlags.ATTR_DAX
                : 0;
    }

    /** Fills {@code out} with the node that {@link NodeLookup#enter} found. */
    void fill(Entry out, long parent, ThreadBuffers buffers) {
        MountTable.Mount mount = buffers.mount;
        if (mount == null) {
            return;
        }
        out.nodeid = buffers.nodeid;
        out.validNanos = options.cache().validNanos();
        fill(out.attributes, buffers.stat, mount);
        if (has(FuseInitFlags.SUBMOUNTS)
                && buffers.stat.type() == FileMode.S_IFDIR
                && !mount.isSameMount(nodes.mountOf(parent))) {
            out.attributes.flags = FuseFlags.ATTR_SUBMOUNT;
        }
    }

    /** What the client holds. */
    void usage(Usage out) {
        out.nodes = nodes.size();
        out.nodeMemory = nodeMemory.taken();
        out.nodeMemoryLeft = nodeMemory.left();
        out.openFiles = openFiles.taken();
        out.openFilesLeft = openFiles.left();
        out.cachedDescriptors = cachedDescriptors.taken();
    }

    /** Ends everything the client was given. */
    void close() {
        byNode.close();
        handles.close();
        nodes.close();
        nodeMemory.close();
        openFiles.close();
        cachedDescriptors.close();
    }

    /** Whether a handle was sent that stands for an open file: one of a client that opens none is 0. */
    boolean isHandle(long fh) {
        return fh != FileSystemSession.NO_HANDLE && !(zeroMessage && fh == 0);
    }
}

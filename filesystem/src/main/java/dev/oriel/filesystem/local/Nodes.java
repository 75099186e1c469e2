package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.HandleTable;
import dev.oriel.filesystem.node.InodeKind;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;
import java.lang.foreign.MemorySegment;

/**
 * From nodeids to descriptors. From names to nodeids leads {@link NodeLookup}.
 *
 * <p>A node's O_PATH descriptor is opened when an operation needs it, by file handle, or by the directory and name
 * where it was seen last; what was opened is checked to be the same file before it is used.
 */
final class Nodes {
    static final int STAT_MASK = StatxBuffer.STATX_BASIC_STATS
            | StatxBuffer.STATX_BTIME
            | StatxBuffer.STATX_MNT_ID
            | StatxBuffer.STATX_MNT_ID_UNIQUE;

    /** Beside a descriptor: it is not in the cache, and closed after use. */
    static final long TRANSIENT = 1L << 32;

    /** How many directories are walked back when nodes are found by name only. */
    private static final int MAX_DEPTH = 512;

    /** {@code struct file_handle}: where the opaque bytes begin. */
    private static final int HANDLE_LENGTH = 0;

    private static final int HANDLE_TYPE = 4;
    static final int HANDLE_BYTES = 8;

    final Allowance memory;
    final MountTable mounts;
    final InodeTable inodes;
    final DescriptorCache cache;
    private final HandleTable<OpenHandle> handles;
    private final int root;
    final boolean mandatoryHandles;

    /** Why the session could not begin, for all its requests. */
    private int failure;

    /**
     * @param root an O_PATH descriptor of the shared directory, which stays its owner's
     * @param memory bytes of heap for nodes and their names
     * @param descriptors how many descriptors may be held
     */
    Nodes(
            LocalOptions options,
            int root,
            boolean announceSubmounts,
            HandleTable<OpenHandle> handles,
            Allowance memory,
            Allowance descriptors) {
        this.root = root;
        this.handles = handles;
        mandatoryHandles = options.inodeFileHandles() == FileHandlePolicy.MANDATORY;
        mounts = new MountTable(options.inodeFileHandles() != FileHandlePolicy.NEVER, announceSubmounts);
        this.memory = memory;
        inodes = new InodeTable(memory, LocalInode.TRANSIENT_WORDS, LocalInode.HANDLE_WORDS);
        cache = new DescriptorCache(inodes, descriptors);
    }

    /**
     * Makes the root node.
     *
     * @return 0 or an errno
     */
    int begin() {
        failure = makeRoot();
        return failure;
    }

    private int makeRoot() {
        ThreadBuffers buffers = ThreadBuffers.current();
        StatxBuffer stat = buffers.stat;
        int result = FileCalls.statx(root, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH, STAT_MASK, stat);
        if (result < 0) {
            return result;
        }
        MountTable.Mount mount = mounts.add(stat, root, buffers);
        if (mount == null || (mandatoryHandles && mount.descriptor() < 0)) {
            return -Errno.EOPNOTSUPP;
        }
        inodes.root(mount.index(), stat.ino(), mount.birth(stat), stat.mode());
        return 0;
    }

    /** How many nodes the client knows beside the root. */
    int size() {
        return inodes.size();
    }

    /**
     * The O_PATH descriptor of a node, in the low 32 bits, to be used by this thread until {@link #release}.
     *
     * @return not negative, or an errno
     */
    long acquire(long nodeid, ThreadBuffers buffers) {
        if (buffers.identity.isBroken()) {
            return -Errno.EIO;
        }
        if (failure < 0) {
            return failure;
        }
        return acquire(nodeid, buffers, 0);
    }

    private long acquire(long nodeid, ThreadBuffers buffers, int depth) {
        if (nodeid == FileSystemSession.ROOT) {
            return root;
        }
        if (!inodes.isLive(nodeid)) {
            return -Errno.ENOENT;
        }
        int slot = InodeTable.slot(nodeid);
        int cached = cache.pin(slot);
        if (cached >= 0) {
            if (inodes.isLive(nodeid)) {
                return cached;
            }
            unpin(slot);
            return -Errno.ENOENT;
        }
        int opened = reopen(nodeid, slot, buffers, depth);
        if (opened == -Errno.EMFILE || opened == -Errno.ENFILE) {
            cache.shrink();
            opened = reopen(nodeid, slot, buffers, depth);
        }
        if (opened == -Errno.ESTALE || opened == -Errno.ENOENT) {
            int duplicate = duplicate(nodeid);
            return duplicate < 0 ? -Errno.ESTALE : duplicate | TRANSIENT;
        }
        if (opened < 0) {
            return opened;
        }
        return cache.install(nodeid, opened) ? opened : opened | TRANSIENT;
    }

    /**
     * As {@link #acquire}, of a node whose descriptor is kept open: nothing is opened, so no file system is waited for.
     */
    long acquireOpen(long nodeid) {
        if (nodeid == FileSystemSession.ROOT) {
            return root;
        }
        int slot = InodeTable.slot(nodeid);
        int cached = inodes.isLive(nodeid) ? cache.pin(slot) : -1;
        if (cached >= 0 && !inodes.isLive(nodeid)) {
            unpin(slot);
            return -Errno.ENOENT;
        }
        return cached >= 0 ? cached : -Errno.ENOENT;
    }

    /** A second descriptor of an open handle: how a node that has no name any more is still reached. */
    private int duplicate(long nodeid) {
        OpenHandle handle = handles.enterAny(nodeid);
        if (handle == null) {
            return -1;
        }
        int descriptor = FileCalls.dup(handle.descriptor());
        handle.leave();
        return descriptor;
    }

    /** Ends the use of what {@link #acquire} answered. */
    void release(long nodeid, long acquired) {
        if (nodeid == FileSystemSession.ROOT) {
            return;
        }
        if ((acquired & TRANSIENT) != 0) {
            FileCalls.close((int) acquired);
        } else {
            unpin(InodeTable.slot(nodeid));
        }
    }

    void unpin(int slot) {
        if (cache.unpin(slot)) {
            inodes.recycle(slot);
        }
    }

    /** Opens a node anew and makes sure that it is the same file. */
    private int reopen(long nodeid, int slot, ThreadBuffers buffers, int depth) {
        long kind = inodes.kind(slot);
        MountTable.Mount mount = mounts.at(InodeKind.domain(kind));
        if (!mount.enter()) {
            return -Errno.ESTALE;
        }
        int opened = reopen(nodeid, slot, kind, mount, buffers, depth);
        mounts.leave(mount);
        return opened;
    }

    private int reopen(long nodeid, int slot, long kind, MountTable.Mount mount, ThreadBuffers buffers, int depth) {
        int opened;
        if (LocalInode.handleLength(kind) > 0) {
            if (!loadHandle(slot, kind, buffers)) {
                return -Errno.ESTALE;
            }
            opened = FileCalls.open_by_handle_at(
                    mount.descriptor(), buffers.handle, OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW);
        } else {
            opened = reopenByName(slot, buffers, depth);
        }
        if (opened < 0) {
            return opened;
        }
        StatxBuffer check = buffers.check;
        int result = FileCalls.statx(opened, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH, STAT_MASK, check);
        boolean same = result == 0
                && check.ino() == inodes.id(slot)
                && check.type() == inodes.type(slot)
                && mount.is(check)
                && (!mount.hasBirth(check) || mount.birth(check) == inodes.version(slot))
                && inodes.isLive(nodeid);
        if (same) {
            return opened;
        }
        FileCalls.close(opened);
        if (result == 0) {
            // A handle that leads elsewhere was taken while the name changed hands: from its next lookup on the node is
            // found by name.
            inodes.setBits(nodeid, LocalInode.NO_HANDLE);
        }
        return result < 0 ? result : -Errno.ESTALE;
    }

    private boolean loadHandle(int slot, long kind, ThreadBuffers buffers) {
        int length = LocalInode.handleLength(kind);
        MemorySegment handle = buffers.handle.segment();
        handle.set(JAVA_INT, HANDLE_LENGTH, length);
        handle.set(JAVA_INT, HANDLE_TYPE, LocalInode.handleType(kind));
        if (length > LocalInode.INLINE_HANDLE_BYTES) {
            if (!(inodes.aside(slot) instanceof LocalInode.LongHandle whole) || whole.bytes().length != length) {
                return false;
            }
            MemorySegment.copy(whole.bytes(), 0, handle, JAVA_BYTE, HANDLE_BYTES, length);
            return true;
        }
        for (int i = 0; i < buffers.handleWords.length; i++) {
            handle.set(JAVA_LONG, HANDLE_BYTES + (long) i * Long.BYTES, inodes.lastingWord(slot, i));
        }
        return true;
    }

    private int reopenByName(int slot, ThreadBuffers buffers, int depth) {
        if (!(inodes.aside(slot) instanceof LocalInode.Location location) || depth > MAX_DEPTH) {
            return -Errno.ESTALE;
        }
        long directory = acquire(location.parent(), buffers, depth + 1);
        if (directory < 0) {
            return (int) directory;
        }
        MemorySegment.copy(location.name(), 0, buffers.name, JAVA_BYTE, 0, location.name().length);
        int opened = FileCalls.openat((int) directory, buffers.name, OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW, 0);
        release(location.parent(), directory);
        return opened;
    }

    /** Takes lookups back. */
    void forget(long nodeid, long lookups) {
        if (inodes.forget(nodeid, lookups)) {
            int slot = InodeTable.slot(nodeid);
            MountTable.Mount mount = mounts.at(InodeKind.domain(inodes.kind(slot)));
            if (cache.discard(slot)) {
                inodes.recycle(slot);
            }
            mounts.leave(mount);
        }
    }

    /** Whether the client may use this nodeid. */
    boolean isKnown(long nodeid) {
        return inodes.isLive(nodeid);
    }

    /** Whether the files of a directory can be told from earlier ones that had their numbers. */
    boolean tellsFilesApart(long directory) {
        return mountOf(directory).tellsFilesApart();
    }

    /** What a node that was acquired is on the host, for all sessions the same. */
    LockWaitGraph.FileId fileId(long nodeid) {
        MountTable.Mount mount = mountOf(nodeid);
        return new LockWaitGraph.FileId(mount.devMajor(), mount.devMinor(), inodes.id(InodeTable.slot(nodeid)));
    }

    /** The mount of a node that was acquired. */
    MountTable.Mount mountOf(long nodeid) {
        return mounts.at(InodeKind.domain(inodes.kind(InodeTable.slot(nodeid))));
    }

    /** The file type ({@code S_IF*}) of a node that was acquired. */
    int type(long nodeid) {
        return inodes.type(InodeTable.slot(nodeid));
    }

    /** Whether a node that cannot be acquired (ESTALE) is a directory that is gone, and not one that has moved. */
    boolean isGoneDirectory(long nodeid) {
        return inodes.isLive(nodeid)
                && type(nodeid) == FileMode.S_IFDIR
                && LocalInode.handleLength(inodes.kind(InodeTable.slot(nodeid))) > 0;
    }

    /** Whether the client itself has removed the last name of a node that was acquired. */
    boolean isKept(long nodeid) {
        return nodeid != FileSystemSession.ROOT && cache.isKept(InodeTable.slot(nodeid));
    }

    /** The inode number of a node on the host. */
    long ino(long nodeid) {
        return inodes.id(InodeTable.slot(nodeid));
    }

    /** The inode number of the root. */
    long rootIno() {
        return inodes.id(InodeTable.ROOT_SLOT);
    }

    /**
     * Opens the file of an O_PATH descriptor for use. The kernel does not follow the link any further, so the file is
     * that very one; its type must be known to be one that may be opened.
     *
     * @return a descriptor or an errno
     */
    int open(int path, int flags, ThreadBuffers buffers) {
        int opened = FileCalls.openat(At.AT_FDCWD, buffers.procPath.set(path), flags, 0);
        if (opened == -Errno.EMFILE || opened == -Errno.ENFILE) {
            cache.shrink();
            opened = FileCalls.openat(At.AT_FDCWD, buffers.procPath.set(path), flags, 0);
        }
        if (opened == -Errno.EPERM && (flags & OpenFlags.O_NOATIME) != 0) {
            // Only the owner and the privileged may leave the time of access alone (open(2)).
            return open(path, flags & ~OpenFlags.O_NOATIME, buffers);
        }
        return opened;
    }

    /** Closes unused descriptors: the process has run out of them. */
    void shrink() {
        cache.shrink();
    }

    /** What to answer to an open of a file of this type; special files are never opened: the client has its own. */
    static int openable(int type) {
        return switch (type) {
            case FileMode.S_IFREG -> 0;
            case FileMode.S_IFDIR -> -Errno.EISDIR;
            case FileMode.S_IFLNK -> -Errno.ELOOP;
            default -> -Errno.ENXIO;
        };
    }

    /** Closes all. Nobody uses any. */
    void close() {
        cache.close();
        mounts.close();
    }
}

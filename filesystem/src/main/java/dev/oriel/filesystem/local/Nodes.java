package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From nodeids to descriptors, and from names to nodeids.
 *
 * <p>A node is identified on the host by one statx(2) of its name: mount, inode number, time of birth. Nothing is opened for
 * that. Its O_PATH descriptor is opened when an operation needs it, by file handle, or by the directory and name where it was
 * seen last; what was opened is checked to be the same file before it is used.
 *
 * <p>Where there is neither a time of birth nor a file handle (overlayfs), the host uses a number again as soon as a
 * file is gone, and the client may still know the earlier file. There an identity ends with the last name that the
 * client removes, and what the client makes is another file than whatever had its number. Everywhere a file of another
 * type is another file.
 */
final class Nodes {
    static final int STAT_MASK = StatxBuffer.STATX_BASIC_STATS
            | StatxBuffer.STATX_BTIME
            | StatxBuffer.STATX_MNT_ID
            | StatxBuffer.STATX_MNT_ID_UNIQUE;

    /** Beside a descriptor: it is not in the cache, and closed after use. */
    private static final long TRANSIENT = 1L << 32;

    /** How many directories are walked back when nodes are found by name only. */
    private static final int MAX_DEPTH = 512;

    /** {@code struct file_handle}: where the opaque bytes begin. */
    private static final int HANDLE_LENGTH = 0;

    private static final int HANDLE_TYPE = 4;
    private static final int HANDLE_BYTES = 8;

    private final Allowance memory;
    private final MountTable mounts;
    private final InodeTable inodes;
    private final DescriptorCache cache;
    private final HandleTable handles;
    private final int root;
    private final boolean mandatoryHandles;

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
            HandleTable handles,
            Allowance memory,
            Allowance descriptors) {
        this.root = root;
        this.handles = handles;
        mandatoryHandles = options.inodeFileHandles() == FileHandlePolicy.MANDATORY;
        mounts = new MountTable(options.inodeFileHandles() != FileHandlePolicy.NEVER, announceSubmounts);
        this.memory = memory;
        inodes = new InodeTable(memory);
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
            int duplicate = handles.duplicate(nodeid);
            return duplicate < 0 ? -Errno.ESTALE : duplicate | TRANSIENT;
        }
        if (opened < 0) {
            return opened;
        }
        return cache.install(nodeid, opened) ? opened : opened | TRANSIENT;
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

    private void unpin(int slot) {
        if (cache.unpin(slot)) {
            inodes.recycle(slot);
        }
    }

    /** Opens a node anew and makes sure that it is the same file. */
    private int reopen(long nodeid, int slot, ThreadBuffers buffers, int depth) {
        long kind = inodes.kind(slot);
        MountTable.Mount mount = mounts.at((int) (kind >>> 32));
        if (!mount.enter()) {
            return -Errno.ESTALE;
        }
        int opened = reopen(nodeid, slot, kind, mount, buffers, depth);
        mounts.leave(mount);
        return opened;
    }

    private int reopen(long nodeid, int slot, long kind, MountTable.Mount mount, ThreadBuffers buffers, int depth) {
        int opened;
        if (InodeTable.handleLength(kind) > 0) {
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
                && check.ino() == inodes.ino(slot)
                && check.type() == inodes.type(slot)
                && mount.is(check)
                && (!mount.hasBirth(check) || mount.birth(check) == inodes.birth(slot))
                && inodes.isLive(nodeid);
        if (same) {
            return opened;
        }
        FileCalls.close(opened);
        if (result == 0) {
            // A handle that leads elsewhere was taken while the name changed hands: from its next lookup on the node is
            // found by name.
            inodes.dropHandle(nodeid);
        }
        return result < 0 ? result : -Errno.ESTALE;
    }

    private boolean loadHandle(int slot, long kind, ThreadBuffers buffers) {
        int length = InodeTable.handleLength(kind);
        MemorySegment handle = buffers.handle.segment();
        handle.set(JAVA_INT, HANDLE_LENGTH, length);
        handle.set(JAVA_INT, HANDLE_TYPE, InodeTable.handleType(kind));
        if (length > InodeTable.INLINE_HANDLE_BYTES) {
            if (!(inodes.aside(slot) instanceof byte[] bytes) || bytes.length != length) {
                return false;
            }
            MemorySegment.copy(bytes, 0, handle, JAVA_BYTE, HANDLE_BYTES, length);
            return true;
        }
        for (int i = 0; i < buffers.handleWords.length; i++) {
            handle.set(JAVA_LONG, HANDLE_BYTES + (long) i * Long.BYTES, inodes.handleWord(slot, i));
        }
        return true;
    }

    private int reopenByName(int slot, ThreadBuffers buffers, int depth) {
        if (!(inodes.aside(slot) instanceof InodeTable.Location location) || depth > MAX_DEPTH) {
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

    /**
     * Finds the node of a file and counts a lookup: one system call if the client knows it. Leaves the node in {@code
     * buffers.nodeid}, its mount in {@code buffers.mount} and its attributes in {@code buffers.stat}.
     *
     * @param directory where {@code path} is looked up; or the file itself, with an empty path and AT_EMPTY_PATH
     * @param flags AT_EMPTY_PATH, AT_NO_AUTOMOUNT
     * @param parent the node of its directory
     * @param name its name there, NUL terminated
     * @return 0 or an errno
     */
    int enter(int directory, MemorySegment path, int flags, long parent, MemorySegment name, ThreadBuffers buffers) {
        return enter(directory, path, flags, parent, name, false, buffers);
    }

    /** As {@link #enter}, for a file that was made just now: no client can know it. */
    int enterNew(int directory, MemorySegment path, int flags, long parent, MemorySegment name, ThreadBuffers buffers) {
        return enter(directory, path, flags, parent, name, true, buffers);
    }

    private int enter(
            int directory,
            MemorySegment path,
            int flags,
            long parent,
            MemorySegment name,
            boolean isNew,
            ThreadBuffers buffers) {
        StatxBuffer stat = buffers.stat;
        int result = FileCalls.statx(directory, path, flags | At.AT_SYMLINK_NOFOLLOW, STAT_MASK, stat);
        if (result < 0) {
            return result;
        }
        MountTable.Mount mount = mounts.find(stat, mountOf(parent));
        if (mount == null) {
            mount = addMount(directory, path, flags, buffers);
            if (mount == null) {
                return -Errno.ENFILE;
            }
        }
        result = enter(mount, directory, path, flags, parent, name, isNew, buffers);
        mounts.leave(mount);
        return result;
    }

    private int enter(
            MountTable.Mount mount,
            int directory,
            MemorySegment path,
            int flags,
            long parent,
            MemorySegment name,
            boolean isNew,
            ThreadBuffers buffers) {
        if (mandatoryHandles && mount.descriptor() < 0) {
            return -Errno.EOPNOTSUPP;
        }
        StatxBuffer stat = buffers.stat;
        boolean encoded =
                mount.descriptor() >= 0 && !mount.hasBirth(stat) && encodeHandle(directory, path, flags, buffers);
        long birth = encoded ? hashHandle(buffers) : mount.birth(stat);
        if (isNew && !encoded && !mount.hasBirth(stat)) {
            inodes.detach(inodes.peek(mount.index(), stat.ino(), birth));
        }
        long nodeid = inodes.find(mount.index(), stat.ino(), birth);
        if (nodeid != 0 && type(nodeid) != stat.type()) {
            inodes.detach(nodeid);
            forget(nodeid, 1);
            nodeid = 0;
        }
        if (nodeid == 0) {
            encoded = encoded || (mount.descriptor() >= 0 && encodeHandle(directory, path, flags, buffers));
            if (!encoded && mandatoryHandles) {
                return -Errno.EOPNOTSUPP;
            }
            nodeid = insert(mount, birth, encoded, parent, name, buffers);
            if (nodeid == 0) {
                return -Errno.ENFILE;
            }
        } else if (InodeTable.handleLength(inodes.kind(InodeTable.slot(nodeid))) == 0
                && !relocate(nodeid, parent, name, buffers)) {
            forget(nodeid, 1);
            return -Errno.ENFILE;
        }
        buffers.nodeid = nodeid;
        buffers.mount = mount;
        return 0;
    }

    /** As {@link #enter}, for a name of the client. */
    int enter(int directory, Name name, long parent, ThreadBuffers buffers) {
        return enter(directory, name.segment(), 0, parent, name.segment(), buffers);
    }

    /** As {@link #enterNew}, for a name of the client. */
    int enterNew(int directory, Name name, long parent, ThreadBuffers buffers) {
        return enterNew(directory, name.segment(), 0, parent, name.segment(), buffers);
    }

    /**
     * Sets room for one more node aside, before something is changed on the host whose reply needs a node:
     * {@link #enter} of this thread uses it. {@link #unreserve} must follow.
     *
     * @param nameLength bytes of its name
     * @return 0, or -ENFILE if the client knows as many nodes as it may
     */
    int reserve(int nameLength, ThreadBuffers buffers) {
        long bytes = InodeTable.mostBytesBeside(nameLength);
        if (!memory.take(bytes)) {
            return -Errno.ENFILE;
        }
        int slot = inodes.allocate();
        if (slot == 0) {
            memory.give(bytes);
            return -Errno.ENFILE;
        }
        buffers.spareSlot = slot;
        buffers.spareBytes = bytes;
        return 0;
    }

    /**
     * As {@link #reserve}, for a name that may be another one's now: only nodes that are remembered by name need room
     * for it.
     */
    int reserveForMove(long parent, int nameLength, ThreadBuffers buffers) {
        return mountOf(parent).descriptor() < 0 ? reserve(nameLength, buffers) : 0;
    }

    /** Ends a {@link #reserve}: what was not used of it is given back. */
    void unreserve(ThreadBuffers buffers) {
        if (buffers.spareSlot != 0) {
            inodes.recycle(buffers.spareSlot);
            buffers.spareSlot = 0;
        }
        memory.give(buffers.spareBytes);
        buffers.spareBytes = 0;
    }

    /**
     * Whether nodes may be entered only because they are listed: not with the last half of what the client is
     * guaranteed, which is for those that it asks for.
     */
    boolean hasRoomToList() {
        return inodes.room() > memory.guaranteed() / 2;
    }

    private MountTable.@Nullable Mount addMount(int directory, MemorySegment path, int flags, ThreadBuffers buffers) {
        if ((flags & At.AT_EMPTY_PATH) != 0) {
            return mounts.add(buffers.stat, directory, buffers);
        }
        int opened = FileCalls.openat(directory, path, OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW, 0);
        if (opened < 0) {
            return null;
        }
        MountTable.Mount mount = null;
        if (FileCalls.statx(opened, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH, STAT_MASK, buffers.stat) == 0) {
            mount = mounts.add(buffers.stat, opened, buffers);
        }
        FileCalls.close(opened);
        return mount;
    }

    private static boolean encodeHandle(int directory, MemorySegment path, int flags, ThreadBuffers buffers) {
        int result = FileCalls.name_to_handle_at(
                directory, path, buffers.handle, buffers.handleMountId, flags & At.AT_EMPTY_PATH);
        return result == 0 && buffers.handle.length() > 0;
    }

    private static long hashHandle(ThreadBuffers buffers) {
        long hash = buffers.handle.type();
        for (int i = 0; i < buffers.handle.length(); i++) {
            hash = (hash ^ buffers.handle.at(i)) * 0x100_0000_01b3L;
        }
        return hash;
    }

    private long insert(
            MountTable.Mount mount,
            long birth,
            boolean encoded,
            long parent,
            MemorySegment name,
            ThreadBuffers buffers) {
        StatxBuffer stat = buffers.stat;
        long[] words = buffers.handleWords;
        Object aside = null;
        int type = 0;
        int length = 0;
        if (!encoded) {
            aside = location(parent, name);
        } else {
            type = buffers.handle.type();
            length = buffers.handle.length();
            if (length > InodeTable.INLINE_HANDLE_BYTES) {
                aside = buffers.handle.bytes();
            } else {
                for (int i = 0; i < words.length; i++) {
                    words[i] = buffers.handle.segment().get(JAVA_LONG, HANDLE_BYTES + (long) i * Long.BYTES);
                }
            }
        }
        if (!take(InodeTable.bytesOf(aside), buffers)) {
            return 0;
        }
        int slot = buffers.spareSlot != 0 ? buffers.spareSlot : inodes.allocate();
        buffers.spareSlot = 0;
        if (slot == 0) {
            memory.give(InodeTable.bytesOf(aside));
            return 0;
        }
        long kind = InodeTable.kind(mount.index(), type, length, stat.mode());
        boolean entered = mount.enter(); // the caller uses it too, so it is not gone
        long nodeid = inodes.insert(kind, stat.ino(), birth, words, aside, slot);
        if (InodeTable.slot(nodeid) != slot) {
            inodes.recycle(slot);
            if (entered) {
                mounts.leave(mount);
            }
        }
        return nodeid;
    }

    /** Takes memory, first of what was set aside. */
    private boolean take(long bytes, ThreadBuffers buffers) {
        if (bytes <= buffers.spareBytes) {
            buffers.spareBytes -= bytes;
            return true;
        }
        return bytes == 0 || memory.take(bytes);
    }

    private static InodeTable.Location location(long parent, MemorySegment name) {
        int size = 0;
        while (name.get(JAVA_BYTE, size) != 0) {
            size++;
        }
        byte[] bytes = new byte[size + 1];
        MemorySegment.copy(name, JAVA_BYTE, 0, bytes, 0, size);
        return new InodeTable.Location(parent, bytes);
    }

    /** Remembers the name that was looked up last, if it is another one; false if there is no room for it. */
    private boolean relocate(long nodeid, long parent, MemorySegment name, ThreadBuffers buffers) {
        if (inodes.aside(InodeTable.slot(nodeid)) instanceof InodeTable.Location old && old.parent() == parent) {
            byte[] bytes = old.name();
            int i = 0;
            while (i < bytes.length && name.get(JAVA_BYTE, i) == bytes[i]) {
                i++;
            }
            if (i == bytes.length) {
                return true;
            }
        }
        InodeTable.Location location = location(parent, name);
        if (!take(InodeTable.bytesOf(location), buffers)) {
            return false;
        }
        inodes.relocate(nodeid, location);
        return true;
    }

    /**
     * After a rename: nodes that are remembered by name are remembered by the new one. Best effort, as the name may be gone
     * again.
     */
    void moved(int directory, Name name, long parent, ThreadBuffers buffers) {
        if (mountOf(parent).descriptor() < 0 && enter(directory, name, parent, buffers) == 0) {
            forget(buffers.nodeid, 1);
        }
    }

    /** Takes lookups back. */
    void forget(long nodeid, long lookups) {
        if (inodes.forget(nodeid, lookups)) {
            int slot = InodeTable.slot(nodeid);
            MountTable.Mount mount = mounts.at(inodes.mount(slot));
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

    /**
     * Before a name is removed: if it is the last one of a file or directory that the client knows, its descriptor is held until {@link
     * #nameRemoved}. Without a name a file lives only as long as it is open, and the client may go on using it.
     *
     * @param directory the descriptor of {@code parent}
     * @param files not only directories: a file that cannot be held must keep its name
     * @return 0, or -ENFILE
     */
    int holdLastName(int directory, Name name, long parent, boolean files, ThreadBuffers buffers) {
        buffers.heldNode = 0;
        buffers.endingNode = 0;
        StatxBuffer stat = buffers.stat;
        if (FileCalls.statx(directory, name.segment(), At.AT_SYMLINK_NOFOLLOW, STAT_MASK, stat) < 0) {
            return 0; // who removes it will be told
        }
        boolean isDirectory = stat.type() == FileMode.S_IFDIR;
        if (!isDirectory && stat.nlink() > 1) {
            return 0;
        }
        MountTable.Mount mount = mounts.find(stat, mountOf(parent));
        if (mount == null) {
            return 0;
        }
        long nodeid = known(mount, directory, name, buffers);
        boolean endsWithItsName = !mount.hasBirth(stat) && mount.descriptor() < 0;
        mounts.leave(mount);
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
            birth = encodeHandle(directory, name.segment(), 0, buffers) ? hashHandle(buffers) : 0;
        }
        return inodes.peek(mount.index(), stat.ino(), birth);
    }

    private int hold(long nodeid, boolean mustBeKept, ThreadBuffers buffers) {
        long node = acquire(nodeid, buffers);
        if (node < 0) {
            return mustBeKept && (node == -Errno.EMFILE || node == -Errno.ENFILE) ? -Errno.ENFILE : 0;
        }
        int slot = InodeTable.slot(nodeid);
        boolean cached = (node & TRANSIENT) == 0;
        boolean wasKept = cached && cache.isKept(slot);
        boolean kept = cached && cache.keep(slot);
        if (!kept && mustBeKept) {
            release(nodeid, node);
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
     * @param removed whether the name is gone: the descriptor is then kept until the client forgets the node, as far as there is room
     */
    void nameRemoved(boolean removed, ThreadBuffers buffers) {
        long nodeid = buffers.heldNode;
        if (nodeid != 0) {
            if (!removed && buffers.keptForRemoval) {
                cache.keepNoMore(InodeTable.slot(nodeid));
            }
            release(nodeid, buffers.heldDescriptor);
        }
        if (removed && buffers.endingNode != 0) {
            inodes.detach(buffers.endingNode);
        }
    }

    /**
     * Keeps a file that never had a name until the client forgets it.
     *
     * @param opened any descriptor of it
     * @return 0 or an errno
     */
    int keepOpen(long nodeid, int opened, ThreadBuffers buffers) {
        int path = open(opened, OpenFlags.O_PATH, buffers);
        if (path < 0) {
            return path;
        }
        if (!cache.install(nodeid, path)) {
            FileCalls.close(path);
            return -Errno.ENFILE;
        }
        int slot = InodeTable.slot(nodeid);
        boolean kept = cache.keep(slot);
        unpin(slot);
        return kept ? 0 : -Errno.ENFILE;
    }

    /** What a node that was acquired is on the host, for all sessions the same. */
    LockWaitGraph.FileId fileId(long nodeid) {
        MountTable.Mount mount = mountOf(nodeid);
        return new LockWaitGraph.FileId(mount.devMajor(), mount.devMinor(), inodes.ino(InodeTable.slot(nodeid)));
    }

    /** The mount of a node that was acquired. */
    MountTable.Mount mountOf(long nodeid) {
        return mounts.at(inodes.mount(InodeTable.slot(nodeid)));
    }

    /** The file type ({@code S_IF*}) of a node that was acquired. */
    int type(long nodeid) {
        return inodes.type(InodeTable.slot(nodeid));
    }

    /** Whether a node that cannot be acquired (ESTALE) is a directory that is gone, and not one that has moved. */
    boolean isGoneDirectory(long nodeid) {
        return inodes.isLive(nodeid)
                && type(nodeid) == FileMode.S_IFDIR
                && InodeTable.handleLength(inodes.kind(InodeTable.slot(nodeid))) > 0;
    }

    /** Whether the client itself has removed the last name of a node that was acquired. */
    boolean isKept(long nodeid) {
        return nodeid != FileSystemSession.ROOT && cache.isKept(InodeTable.slot(nodeid));
    }

    /** The inode number of a node on the host. */
    long ino(long nodeid) {
        return inodes.ino(InodeTable.slot(nodeid));
    }

    /** The inode number of the root. */
    long rootIno() {
        return inodes.ino(InodeTable.ROOT_SLOT);
    }

    /**
     * Opens the file of an O_PATH descriptor for use. The kernel does not follow the link any further, so the file is that very
     * one; its type must be known to be one that may be opened.
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

package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.node.Aside;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.At;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From names to nodeids.
 *
 * <p>A node is identified on the host by one statx(2) of its name: mount, inode number, time of birth. Nothing is
 * opened for that.
 *
 * <p>Where there is neither a time of birth nor a file handle (overlayfs), the host uses a number again as soon as a
 * file is gone, and the client may still know the earlier file. There an identity ends with the last name that the
 * client removes, and what the client makes is another file than whatever had its number. Everywhere a file of another
 * type is another file.
 */
final class NodeLookup {
    private final Nodes nodes;

    NodeLookup(Nodes nodes) {
        this.nodes = nodes;
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
        int result = FileCalls.statx(directory, path, flags | At.AT_SYMLINK_NOFOLLOW, Nodes.STAT_MASK, stat);
        if (result < 0) {
            return result;
        }
        MountTable.Mount mount = nodes.mounts.find(stat, nodes.mountOf(parent));
        if (mount == null) {
            mount = addMount(directory, path, flags, buffers);
            if (mount == null) {
                return -Errno.ENFILE;
            }
        }
        result = enter(mount, directory, path, flags, parent, name, isNew, buffers);
        nodes.mounts.leave(mount);
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
        if (nodes.mandatoryHandles && mount.descriptor() < 0) {
            return -Errno.EOPNOTSUPP;
        }
        StatxBuffer stat = buffers.stat;
        boolean encoded =
                mount.descriptor() >= 0 && !mount.hasBirth(stat) && encodeHandle(directory, path, flags, buffers);
        long birth = encoded ? hashHandle(buffers) : mount.birth(stat);
        if (isNew && !encoded && !mount.hasBirth(stat)) {
            nodes.inodes.detach(nodes.inodes.peek(mount.index(), stat.ino(), birth));
        }
        long nodeid = nodes.inodes.find(mount.index(), stat.ino(), birth);
        if (nodeid != 0 && nodes.type(nodeid) != stat.type()) {
            nodes.inodes.detach(nodeid);
            nodes.forget(nodeid, 1);
            nodeid = 0;
        }
        if (nodeid == 0) {
            encoded = encoded || (mount.descriptor() >= 0 && encodeHandle(directory, path, flags, buffers));
            if (!encoded && nodes.mandatoryHandles) {
                return -Errno.EOPNOTSUPP;
            }
            nodeid = insert(mount, birth, encoded, parent, name, buffers);
            if (nodeid == 0) {
                return -Errno.ENFILE;
            }
        } else if (LocalInode.handleLength(nodes.inodes.kind(InodeTable.slot(nodeid))) == 0
                && !relocate(nodeid, parent, name, buffers)) {
            nodes.forget(nodeid, 1);
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
        long bytes = LocalInode.mostBytesBeside(nameLength);
        if (!nodes.memory.take(bytes)) {
            return -Errno.ENFILE;
        }
        int slot = nodes.inodes.allocate();
        if (slot == 0) {
            nodes.memory.give(bytes);
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
        return nodes.mountOf(parent).descriptor() < 0 ? reserve(nameLength, buffers) : 0;
    }

    /** Ends a {@link #reserve}: what was not used of it is given back. */
    void unreserve(ThreadBuffers buffers) {
        if (buffers.spareSlot != 0) {
            nodes.inodes.recycle(buffers.spareSlot);
            buffers.spareSlot = 0;
        }
        nodes.memory.give(buffers.spareBytes);
        buffers.spareBytes = 0;
    }

    /**
     * Whether nodes may be entered only because they are listed: not with the last half of what the client is
     * guaranteed, which is for those that it asks for.
     */
    boolean hasRoomToList() {
        return nodes.inodes.room() > nodes.memory.guaranteed() / 2;
    }

    private MountTable.@Nullable Mount addMount(int directory, MemorySegment path, int flags, ThreadBuffers buffers) {
        if ((flags & At.AT_EMPTY_PATH) != 0) {
            return nodes.mounts.add(buffers.stat, directory, buffers);
        }
        int opened = FileCalls.openat(directory, path, OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW, 0);
        if (opened < 0) {
            return null;
        }
        MountTable.Mount mount = null;
        if (FileCalls.statx(opened, ThreadBuffers.EMPTY, At.AT_EMPTY_PATH, Nodes.STAT_MASK, buffers.stat) == 0) {
            mount = nodes.mounts.add(buffers.stat, opened, buffers);
        }
        FileCalls.close(opened);
        return mount;
    }

    static boolean encodeHandle(int directory, MemorySegment path, int flags, ThreadBuffers buffers) {
        int result = FileCalls.name_to_handle_at(
                directory, path, buffers.handle, buffers.handleMountId, flags & At.AT_EMPTY_PATH);
        return result == 0 && buffers.handle.length() > 0;
    }

    static long hashHandle(ThreadBuffers buffers) {
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
        Aside aside = null;
        int type = 0;
        int length = 0;
        if (!encoded) {
            aside = location(parent, name);
        } else {
            type = buffers.handle.type();
            length = buffers.handle.length();
            if (length > LocalInode.INLINE_HANDLE_BYTES) {
                aside = new LocalInode.LongHandle(buffers.handle.bytes());
            } else {
                for (int i = 0; i < words.length; i++) {
                    words[i] = buffers.handle.segment().get(JAVA_LONG, Nodes.HANDLE_BYTES + (long) i * Long.BYTES);
                }
            }
        }
        if (!take(bytesOf(aside), buffers)) {
            return 0;
        }
        int slot = buffers.spareSlot != 0 ? buffers.spareSlot : nodes.inodes.allocate();
        buffers.spareSlot = 0;
        if (slot == 0) {
            nodes.memory.give(bytesOf(aside));
            return 0;
        }
        long kind = LocalInode.kind(mount.index(), type, length, stat.mode());
        boolean entered = mount.enter(); // the caller uses it too, so it is not gone
        long nodeid = nodes.inodes.insert(kind, stat.ino(), birth, words, aside, slot);
        if (InodeTable.slot(nodeid) != slot) {
            nodes.inodes.recycle(slot);
            if (entered) {
                nodes.mounts.leave(mount);
            }
        }
        return nodeid;
    }

    private static long bytesOf(@Nullable Aside aside) {
        return aside == null ? 0 : aside.heapBytes();
    }

    /** Takes memory, first of what was set aside. */
    private boolean take(long bytes, ThreadBuffers buffers) {
        if (bytes <= buffers.spareBytes) {
            buffers.spareBytes -= bytes;
            return true;
        }
        return bytes == 0 || nodes.memory.take(bytes);
    }

    private static LocalInode.Location location(long parent, MemorySegment name) {
        int size = 0;
        while (name.get(JAVA_BYTE, size) != 0) {
            size++;
        }
        byte[] bytes = new byte[size + 1];
        MemorySegment.copy(name, JAVA_BYTE, 0, bytes, 0, size);
        return new LocalInode.Location(parent, bytes);
    }

    /** Remembers the name that was looked up last, if it is another one; false if there is no room for it. */
    private boolean relocate(long nodeid, long parent, MemorySegment name, ThreadBuffers buffers) {
        if (nodes.inodes.aside(InodeTable.slot(nodeid)) instanceof LocalInode.Location old && old.parent() == parent) {
            byte[] bytes = old.name();
            int i = 0;
            while (i < bytes.length && name.get(JAVA_BYTE, i) == bytes[i]) {
                i++;
            }
            if (i == bytes.length) {
                return true;
            }
        }
        LocalInode.Location location = location(parent, name);
        if (!take(location.heapBytes(), buffers)) {
            return false;
        }
        nodes.inodes.replaceAside(nodeid, location, LocalInode.NO_HANDLE);
        return true;
    }

    /**
     * After a rename: nodes that are remembered by name are remembered by the new one. Best effort, as the name may be
     * gone again.
     */
    void moved(int directory, Name name, long parent, ThreadBuffers buffers) {
        if (nodes.mountOf(parent).descriptor() < 0 && enter(directory, name, parent, buffers) == 0) {
            nodes.forget(buffers.nodeid, 1);
        }
    }
}

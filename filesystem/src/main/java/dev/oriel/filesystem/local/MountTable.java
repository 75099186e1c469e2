package dev.oriel.filesystem.local;

import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.StatxBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The mounts that the client has come across, the shared directory's own first: each a (mount id, device) pair, as one
 * mount of btrfs has a device for each subvolume.
 *
 * <p><b>Inode numbers.</b> Two devices may use the same number, and programs (tar, rsync, find) take equal numbers for
 * hard links. A client that is told of submounts sees each as a device of its own, so numbers are reported as they are;
 * only the further devices of one mount, or all but the first if submounts are not announced, are told apart in the
 * number: bit 63 set, the index of the device in bits 48 to 62, the number below. A number that needs more than 48 bits
 * is mixed with the index instead, which is unique but for an accident of 1 in 2^63. The root of a submount is seen in
 * the file system above it too, until the client has mounted it: its number is told apart in the same way, with the
 * index of the mount, so that it is nobody else's in either.
 *
 * <p><b>Life.</b> A mount but the first has a user for each of its nodes, and for each call that works with it. With
 * the last user its descriptor goes, so that the host can unmount it, and its index is free.
 */
final class MountTable {
    private static final int MAX_MOUNTS = 1 << 15;
    private static final long FOLDED = 1L << 63;

    /**
     * OVERLAYFS_SUPER_MAGIC: there a file is born again when it is first written to (copied up), and keeps its number.
     */
    private static final long OVERLAYFS = 0x794c7630L;

    /** TMPFS_MAGIC. */
    private static final long TMPFS = 0x01021994L;

    private final ReentrantLock lock = new ReentrantLock();
    private final boolean handles;
    private final boolean announced;
    private volatile Mount[] mounts = new Mount[0];

    /**
     * @param handles whether inodes are remembered by file handle where there are any
     * @param announced whether the client is told of submounts
     */
    MountTable(boolean handles, boolean announced) {
        this.handles = handles;
        this.announced = announced;
    }

    /** One mount. */
    static final class Mount {
        private final int index;
        private final long mountId;
        private final int devMajor;
        private final int devMinor;
        private final int descriptor;
        private final int fold;
        private final long fileSystem;
        private final boolean rootIsTold;
        private final boolean hasBirth;

        /** Nodes and calls. A mount without any is gone for good. */
        private final AtomicInteger users = new AtomicInteger(1);

        /** Whether reads with RWF_NOWAIT are refused by this file system. Set once, seen soon enough. */
        private boolean withoutNowait;

        Mount(int index, StatxBuffer stat, int descriptor, int fold, long fileSystem, boolean announced) {
            this.index = index;
            mountId = stat.mountId();
            devMajor = stat.devMajor();
            devMinor = stat.devMinor();
            this.descriptor = descriptor;
            this.fold = fold;
            this.fileSystem = fileSystem;
            rootIsTold = announced && index != 0;
            hasBirth = hasBirth(stat);
        }

        /** Becomes a user; false if the mount is gone. */
        boolean enter() {
            if (index == 0) {
                return true;
            }
            int now = users.get();
            while (now != 0) {
                int found = users.compareAndExchange(now, now + 1);
                if (found == now) {
                    return true;
                }
                now = found;
            }
            return false;
        }

        private boolean isGone() {
            return users.get() == 0;
        }

        /** Whether its files can be told from earlier ones that had their numbers. */
        boolean tellsFilesApart() {
            return hasBirth || descriptor >= 0;
        }

        int index() {
            return index;
        }

        int devMajor() {
            return devMajor;
        }

        int devMinor() {
            return devMinor;
        }

        /** A descriptor to open file handles with; -1 if there is none. */
        int descriptor() {
            return descriptor;
        }

        boolean isSameMount(Mount other) {
            return mountId == other.mountId;
        }

        /** Whether the time of birth of a file tells it from another one. */
        boolean hasBirth(StatxBuffer stat) {
            return fileSystem != OVERLAYFS && (stat.mask() & StatxBuffer.STATX_BTIME) != 0;
        }

        /** What tells a file from an earlier one with its number: ns of its birth; 0 if it has none. */
        long birth(StatxBuffer stat) {
            return hasBirth(stat) ? stat.btimeSeconds() * 1_000_000_000L + stat.btimeNanos() : 0;
        }

        /** Whether its files are in memory, so that nothing is ever waited for. */
        boolean isMemory() {
            return fileSystem == TMPFS;
        }

        boolean withoutNowait() {
            return withoutNowait;
        }

        void rememberNoNowait() {
            withoutNowait = true;
        }

        /** The inode number to report for {@code ino}. */
        long reported(long ino) {
            return fold == 0 ? ino : folded(fold, ino);
        }

        /** The inode number to report for a file with these attributes. */
        long reported(StatxBuffer stat) {
            if (rootIsTold && (stat.attributes() & StatxBuffer.STATX_ATTR_MOUNT_ROOT) != 0) {
                return folded(index, stat.ino());
            }
            return reported(stat.ino());
        }

        private static long folded(int fold, long ino) {
            if (ino >>> 48 == 0) {
                return FOLDED | (long) fold << 48 | ino;
            }
            return FOLDED | (ino ^ fold * 0x9e37_79b9_7f4a_7c15L);
        }

        boolean is(StatxBuffer stat) {
            return mountId == stat.mountId() && devMajor == stat.devMajor() && devMinor == stat.devMinor();
        }
    }

    /** The mount of a node that is known; of one that was forgotten meanwhile, any. */
    Mount at(int index) {
        return mounts[index];
    }

    /**
     * Finds the mount of a file and enters it: {@link #leave} it after use.
     *
     * @param near a mount to try first
     * @return null if it is not known yet
     */
    @Nullable
    Mount find(StatxBuffer stat, @Nullable Mount near) {
        if (near != null && near.is(stat) && near.enter()) {
            return near;
        }
        Mount[] known = mounts;
        for (int i = 0; i < known.length; i++) {
            if (known[i].is(stat) && known[i].enter()) {
                return known[i];
            }
        }
        return null;
    }

    /** Ends the use of a mount. */
    void leave(Mount mount) {
        if (mount.index == 0 || mount.users.decrementAndGet() > 0) {
            return;
        }
        if (mount.descriptor >= 0) {
            FileCalls.close(mount.descriptor);
        }
    }

    /**
     * Adds the mount of a file and enters it: {@link #leave} it after use.
     *
     * @param file an O_PATH descriptor of the file, which is the mount's root as far as the client can have come
     * @return null if there are too many
     */
    @Nullable
    Mount add(StatxBuffer stat, int file, ThreadBuffers buffers) {
        lock.lock();
        try {
            Mount known = find(stat, null);
            if (known != null) {
                return known;
            }
            Mount[] old = mounts;
            int index = freeIndex(old);
            if (index == MAX_MOUNTS) {
                return null;
            }
            Mount mount = new Mount(
                    index,
                    stat,
                    handles ? handleDescriptor(stat, file, buffers) : -1,
                    fold(stat, old, index),
                    FileCalls.fstatfs(file, buffers.statfs) == 0 ? buffers.statfs.type() : OVERLAYFS,
                    announced);
            Mount[] more = Arrays.copyOf(old, Math.max(old.length, index + 1));
            more[index] = mount;
            mounts = more;
            return mount;
        } finally {
            lock.unlock();
        }
    }

    /** The lowest index that no mount has, neither for itself nor in its numbers. */
    private static int freeIndex(Mount[] known) {
        BitSet taken = new BitSet(known.length);
        for (Mount mount : known) {
            if (!mount.isGone()) {
                taken.set(mount.index);
                taken.set(mount.fold);
            }
        }
        return known.length == 0 ? 0 : taken.nextClearBit(1);
    }

    private int fold(StatxBuffer stat, Mount[] known, int index) {
        boolean further = !announced && known.length > 0;
        for (Mount other : known) {
            if (other.isGone()) {
                continue;
            }
            boolean sameMount = other.mountId == stat.mountId();
            boolean sameDevice = other.devMajor == stat.devMajor() && other.devMinor == stat.devMinor();
            if (sameDevice && (!announced || sameMount)) {
                return other.fold;
            }
            further |= sameMount;
        }
        return further ? index : 0;
    }

    /**
     * open_by_handle_at wants a descriptor that is not O_PATH; a mount of a single file other than a directory has
     * none.
     */
    private static int handleDescriptor(StatxBuffer stat, int file, ThreadBuffers buffers) {
        if (stat.type() != FileMode.S_IFDIR) {
            return -1;
        }
        if (FileCalls.name_to_handle_at(
                        file, ThreadBuffers.EMPTY, buffers.handle, buffers.handleMountId, ThreadBuffers.AT_EMPTY_PATH)
                < 0) {
            return -1;
        }
        int descriptor = FileCalls.openat(
                ThreadBuffers.AT_FDCWD,
                buffers.procPath.set(file),
                OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NONBLOCK,
                0);
        if (descriptor < 0) {
            return -1;
        }
        int opened = FileCalls.open_by_handle_at(descriptor, buffers.handle, OpenFlags.O_PATH);
        if (opened < 0) {
            FileCalls.close(descriptor);
            return -1;
        }
        FileCalls.close(opened);
        return descriptor;
    }

    /** Closes what it holds. */
    void close() {
        for (Mount mount : mounts) {
            if (mount.descriptor >= 0 && !mount.isGone()) {
                FileCalls.close(mount.descriptor);
            }
        }
        mounts = new Mount[0];
    }
}

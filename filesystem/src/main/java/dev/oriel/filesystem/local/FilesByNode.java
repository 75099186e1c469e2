package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.HandleTable;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Files and directories of a client that neither opens nor closes them (FUSE_NO_OPEN_SUPPORT, FUSE_NO_OPENDIR_SUPPORT):
 * found by node, opened when one is used, and closed when it has not been used for a while, so that no program of the
 * host finds a file busy for long.
 *
 * <p>A node has its place in one of four words, which its hash chooses. Looking one up takes no lock; who is pushed out
 * is closed when its last user has left ({@link OpenHandle}).
 */
final class FilesByNode implements Sweeper.Floor {
    private static final int WAYS = 4;
    private static final int MOST_PLACES = 4096;
    private static final long SWEEP_NANOS = 500_000_000;

    private final Nodes nodes;
    private final HandleTable<OpenHandle> budget;
    private final DirentBuffers direntBuffers;
    private final AtomicReferenceArray<@Nullable OpenHandle> places;
    private final Sweeper sweeper;
    private volatile boolean closed;

    /**
     * @param budget gives the descriptors
     * @param direntBuffers for the directories
     * @param capacity most of them
     * @param threads makes the thread that closes what is not used
     */
    FilesByNode(
            Nodes nodes,
            HandleTable<OpenHandle> budget,
            DirentBuffers direntBuffers,
            int capacity,
            ThreadFactory threads) {
        this.direntBuffers = direntBuffers;
        this.nodes = nodes;
        this.budget = budget;
        places = new AtomicReferenceArray<>(Integer.highestOneBit(Math.clamp(capacity, WAYS, MOST_PLACES)));
        sweeper = new Sweeper(this, threads, SWEEP_NANOS);
    }

    /** Starts the thread that closes what is not used: the client opens nothing by itself. */
    void start() {
        sweeper.start();
    }

    /**
     * Enters the file of a node; {@link OpenHandle#leave} it after use.
     *
     * @return null if it cannot be opened: why is in {@code buffers.notEntered}
     */
    @Nullable
    OpenFile enterFile(long nodeid, boolean writable, ThreadBuffers buffers) {
        int first = first(nodeid);
        for (int i = first; i < first + WAYS; i++) {
            if (places.getAcquire(i) instanceof OpenFile file
                    && file.nodeid() == nodeid
                    && (!writable || file.isWritable())
                    && file.enter()) {
                file.recent = true;
                return file;
            }
        }
        int flags = writable ? OpenFlags.O_RDWR : OpenFlags.O_RDONLY;
        int opened = open(nodeid, flags, FileMode.S_IFREG, buffers);
        if (opened == -Errno.EPERM && writable) {
            // a file with FS_APPEND_FL is opened to append only (ioctl_iflags(2))
            flags |= OpenFlags.O_APPEND;
            opened = open(nodeid, flags, FileMode.S_IFREG, buffers);
        }
        if (opened < 0) {
            buffers.notEntered = opened;
            return null;
        }
        OpenFile file = new OpenFile(opened, nodeid, flags, nodes.mountOf(nodeid));
        place(first, file);
        return file;
    }

    /** As {@link #enterFile}, for a directory. */
    @Nullable
    OpenDirectory enterDirectory(long nodeid, ThreadBuffers buffers) {
        int first = first(nodeid);
        for (int i = first; i < first + WAYS; i++) {
            if (places.getAcquire(i) instanceof OpenDirectory directory
                    && directory.nodeid() == nodeid
                    && directory.enter()) {
                directory.recent = true;
                return directory;
            }
        }
        int opened = open(nodeid, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, FileMode.S_IFDIR, buffers);
        if (opened < 0) {
            buffers.notEntered = opened;
            return null;
        }
        OpenDirectory directory = new OpenDirectory(opened, nodeid, direntBuffers);
        place(first, directory);
        return directory;
    }

    private int open(long nodeid, int flags, int type, ThreadBuffers buffers) {
        long node = nodes.acquire(nodeid, buffers);
        if (node < 0) {
            return (int) node;
        }
        int result = nodes.type(nodeid) == type ? 0 : -Errno.EBADF;
        if (result == 0 && !budget.reserve()) {
            result = -Errno.ENFILE;
        }
        if (result == 0) {
            result = nodes.open((int) node, flags, buffers);
            if (result < 0) {
                budget.unreserve();
            }
        }
        nodes.release(nodeid, node);
        return result;
    }

    /** Enters a new handle and puts it where one is that was not used lately, if there is one. */
    private void place(int first, OpenHandle handle) {
        if (!handle.enter()) {
            throw new IllegalStateException("a new handle was released");
        }
        handle.recent = true;
        int victim = first + handle.descriptor() % WAYS;
        for (int i = first; i < first + WAYS; i++) {
            OpenHandle there = places.getAcquire(i);
            if (there == null || (there.nodeid() == handle.nodeid() && there.getClass() == handle.getClass())) {
                victim = i;
                break;
            }
            if (!there.recent) {
                victim = i;
            }
        }
        release(places.getAndSet(victim, handle));
        if (closed) {
            sweep(true);
        } else {
            sweeper.wake();
        }
    }

    private void release(@Nullable OpenHandle handle) {
        if (handle != null) {
            try {
                handle.release();
            } finally {
                budget.unreserve();
            }
        }
    }

    /** The client has forgotten a node: what is open of it is closed. */
    void forget(long nodeid) {
        int first = first(nodeid);
        for (int i = first; i < first + WAYS; i++) {
            OpenHandle there = places.getAcquire(i);
            if (there != null && there.nodeid() == nodeid && places.compareAndSet(i, there, null)) {
                release(there);
            }
        }
    }

    @Override
    public boolean sweep() {
        return sweep(closed);
    }

    /** Closes what was not used since the last sweep, or all; answers whether any is left. */
    private boolean sweep(boolean all) {
        boolean left = false;
        for (int i = 0; i < places.length(); i++) {
            OpenHandle there = places.getAcquire(i);
            if (there == null) {
                continue;
            }
            if (there.recent && !all) {
                there.recent = false;
                left = true;
            } else if (places.compareAndSet(i, there, null)) {
                release(there);
            } else {
                left = true;
            }
        }
        return left;
    }

    /** Volatile reads, which stay behind the word that was written before. */
    @Override
    public boolean holdsAny() {
        for (int i = 0; i < places.length(); i++) {
            if (places.get(i) != null) {
                return true;
            }
        }
        return false;
    }

    /** Closes all. Nobody uses any. */
    void close() {
        closed = true;
        try {
            sweep(true);
        } finally {
            sweeper.close();
        }
    }

    private int first(long nodeid) {
        long hash = (nodeid * 0x9e37_79b9_7f4a_7c15L) >>> 40;
        return (int) (hash * WAYS) & (places.length() - 1);
    }
}

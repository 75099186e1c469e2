package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.HandleTable;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.OpenFlags;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An open regular file. */
final class OpenFile extends OpenHandle {
    /** No descriptor. */
    static final int NONE = -1;

    private final int flags;
    private final MountTable.Mount mount;

    /** Whether the kernel puts what is written at the end by itself (O_APPEND). */
    private volatile boolean appends;

    /** Whether it moves data past the host's page cache (O_DIRECT). */
    private volatile boolean direct;

    /** The descriptor for what a direct one does not take, once it was needed. */
    private final AtomicInteger buffered = new AtomicInteger(NONE);

    /** Gave the descriptor that {@link #buffered} is. */
    private volatile @Nullable HandleTable<OpenHandle> budget;

    /** Whether a POSIX lock was ever taken through it. */
    private volatile boolean locked;

    /** @param flags the {@code O_*} flags it was opened with on the host */
    OpenFile(int descriptor, long nodeid, int flags, MountTable.Mount mount) {
        super(descriptor, nodeid);
        this.flags = flags;
        this.mount = mount;
        appends = (flags & OpenFlags.O_APPEND) != 0;
        direct = (flags & OpenFlags.O_DIRECT) != 0;
    }

    boolean isWritable() {
        return (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY;
    }

    int flags() {
        return flags;
    }

    MountTable.Mount mount() {
        return mount;
    }

    boolean appends() {
        return appends;
    }

    void appendsNoMore() {
        appends = false;
    }

    boolean isDirect() {
        return direct;
    }

    void directNoMore() {
        direct = false;
    }

    /**
     * A second descriptor of it, without O_DIRECT; {@link #NONE} if there is none yet. Good as long as {@link
     * #descriptor}.
     */
    int buffered() {
        return buffered.get();
    }

    /**
     * Becomes the owner of a second descriptor.
     *
     * @param reservation gave it, and gets it back
     * @return the one to use: another thread may have been quicker
     */
    int keepBuffered(int opened, HandleTable<OpenHandle> reservation) {
        if (buffered.compareAndSet(NONE, opened)) {
            budget = reservation;
            return opened;
        }
        FileCalls.close(opened);
        reservation.unreserve();
        return buffered.get();
    }

    @Override
    protected void dispose() {
        super.dispose();
        int second = buffered.get();
        HandleTable<OpenHandle> reservation = budget;
        if (second != NONE && reservation != null) {
            FileCalls.close(second);
            reservation.unreserve();
        }
    }

    boolean isLocked() {
        return locked;
    }

    void rememberLock() {
        locked = true;
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.linux.OpenFlags;

/** An open regular file. */
final class OpenFile extends OpenHandle {
    private final int flags;
    private final MountTable.Mount mount;

    /** Whether the kernel puts what is written at the end by itself (O_APPEND). */
    private volatile boolean appends;

    /** Whether a POSIX lock was ever taken through it. */
    private volatile boolean locked;

    /** @param flags the {@code O_*} flags it was opened with on the host */
    OpenFile(int descriptor, long nodeid, int flags, MountTable.Mount mount) {
        super(descriptor, nodeid);
        this.flags = flags;
        this.mount = mount;
        appends = (flags & OpenFlags.O_APPEND) != 0;
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

    boolean isLocked() {
        return locked;
    }

    void rememberLock() {
        locked = true;
    }
}

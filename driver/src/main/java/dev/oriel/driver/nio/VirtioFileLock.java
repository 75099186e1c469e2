package dev.oriel.driver.nio;

import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;

/** A lock on a range of a file of a share, against other clients and other channels of this JVM. */
final class VirtioFileLock extends FileLock {
    private final ChannelLocks locks;

    VirtioFileLock(FileChannel channel, ChannelLocks locks, long position, long size, boolean shared) {
        super(channel, position, size, shared);
        this.locks = locks;
    }

    VirtioFileLock(AsynchronousFileChannel channel, ChannelLocks locks, long position, long size, boolean shared) {
        super(channel, position, size, shared);
        this.locks = locks;
    }

    /** A size of 0 stands for all that comes after the position. */
    static long size(long position, long size) {
        return size == 0 && position >= 0 ? Long.MAX_VALUE - position : size;
    }

    @Override
    public boolean isValid() {
        return acquiredBy().isOpen() && locks.holds(this);
    }

    @Override
    public synchronized void release() throws IOException {
        locks.release(this);
    }
}

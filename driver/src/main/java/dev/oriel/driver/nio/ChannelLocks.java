package dev.oriel.driver.nio;

import dev.oriel.driver.ClientLocks;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FlockBuffer;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The locks of one channel. Who waits for a lock asks for it again and again: so the wait ends when the channel is
 * closed or the thread interrupted, whatever the device does, and no request of the device is held for as long as
 * somebody else has the lock.
 */
final class ChannelLocks {
    /** The pause after the first try; each is twice as long as the one before. */
    private static final long FIRST_PAUSE_NANOS = 100_000;

    private static final long LONGEST_PAUSE_NANOS = 50_000_000;

    private static final AtomicLong OWNERS = new AtomicLong();

    private final Channel channel;
    private final OpenNode open;
    private final LockTable table;
    private final long owner = OWNERS.incrementAndGet();
    private volatile boolean used;

    ChannelLocks(Channel channel, OpenNode open) {
        this.channel = channel;
        this.open = open;
        table = open.place().fileSystem().locks();
    }

    long owner() {
        return owner;
    }

    /**
     * Enters a lock for this JVM.
     *
     * @throws java.nio.channels.OverlappingFileLockException if a channel has or waits for one that overlaps it
     */
    void enter(FileLock lock) {
        table.add(open.node().nodeid, lock);
    }

    /** Takes back what {@link #enter} did. */
    void leave(FileLock lock) {
        table.remove(open.node().nodeid, lock);
    }

    /**
     * Takes a lock that was entered, unless another is in the way: whether it was taken. If not, it is not entered any
     * more.
     */
    boolean tryLock(FileLock lock) throws IOException {
        boolean taken = false;
        try {
            taken = open.use(() -> set(lock));
            return taken;
        } finally {
            if (!taken) {
                leave(lock);
            }
        }
    }

    /**
     * Waits for a lock that was entered.
     *
     * @throws FileLockInterruptionException if the thread is interrupted
     * @throws AsynchronousCloseException if the channel is closed meanwhile
     */
    void lock(FileLock lock) throws IOException {
        boolean taken = false;
        try {
            for (long pause = FIRST_PAUSE_NANOS; !taken; pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS)) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new FileLockInterruptionException();
                }
                taken = open.use(() -> set(lock));
                if (!taken) {
                    LockSupport.parkNanos(this, pause);
                }
            }
        } catch (ClosedChannelException closed) {
            AsynchronousCloseException meanwhile = new AsynchronousCloseException();
            meanwhile.initCause(closed);
            throw meanwhile;
        } finally {
            if (!taken) {
                leave(lock);
            }
        }
    }

    private boolean set(FileLock lock) throws FuseException {
        open.checkFile("lock");
        try {
            used = true;
            int type = lock.isShared() ? FlockBuffer.F_RDLCK : FlockBuffer.F_WRLCK;
            send(lock.position(), lock.size(), type);
            return true;
        } catch (FuseException failed) {
            if (failed.errno() == Errno.EAGAIN || failed.errno() == Errno.EACCES) {
                return false;
            }
            throw failed;
        }
    }

    /** Whether the channel has a lock. */
    boolean holds(FileLock lock) {
        return table.contains(open.node().nodeid, lock);
    }

    /** Gives a lock up; does nothing the second time. For one thread of a lock at a time. */
    void release(FileLock lock) throws IOException {
        if (!channel.isOpen()) {
            throw new ClosedChannelException();
        }
        boolean _ = open.use(() -> {
            if (holds(lock)) {
                send(lock.position(), lock.size(), FlockBuffer.F_UNLCK);
                leave(lock);
            }
            return true;
        });
    }

    private void send(long from, long size, int type) throws FuseException {
        long last = size > Long.MAX_VALUE - from ? Long.MAX_VALUE : from + size - 1;
        int pid = (int) ProcessHandle.current().pid();
        try {
            open.client().locks().set(open.file(), owner, new ClientLocks.Lock(from, last, type, pid), false);
        } catch (FuseException failed) {
            // a server without locks has no other holders: as Linux takes it, locks are among those here then
            if (failed.errno() != Errno.ENOSYS) {
                throw failed;
            }
        }
    }

    /** Gives up all locks that there are; the channel is closed. */
    void close() throws FuseException {
        if (used) {
            try {
                send(0, Long.MAX_VALUE, FlockBuffer.F_UNLCK);
            } finally {
                table.removeAll(open.node().nodeid, channel);
            }
        }
    }
}

package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.Poll;
import dev.oriel.vhostuser.wire.BackendRequest;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.VhostUserChannel;
import dev.oriel.virtio.memory.MappableRegion;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The channel on which the back-end asks, used for one thing: SHMEM_MAP and SHMEM_UNMAP, which fill a shared memory
 * region of the device.
 *
 * <p>QEMU answers a SHMEM_MAP <i>before</i> its guest sees the pages. What follows when it does is the new memory
 * region, or table, on the main channel: only that is the end of a mapping ({@link #memoryChanged}). So whoever reads
 * the main channel must never wait for this one, and before it waits for a queue to come to rest it calls {@link
 * #interrupt}, because QEMU answers nothing here until it has its own answer there.
 */
final class BackendChannel implements MappableRegion, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.vhostuser");

    /** A VMM that was stopped for so long (by a debugger, say) may lose this one mapping. */
    private static final int PATIENCE_SECONDS = 30;

    private static final int SOCKET = 0;
    private static final int WAKE = 1;

    private final String name;
    private final int id;
    private final long length;
    private final int mappingsMax;
    private final boolean announced;
    private final VhostUserChannel channel;
    private final EventDescriptor wake;
    private final Poll poll = new Poll(2);

    /** Replies that nobody waits for any more, and that will come all the same. */
    private int repliesToSkip;

    /** What has been put into the region, by offset. */
    private final Map<Long, MemoryFile.Identity> shown = new ConcurrentHashMap<>();

    // Guarded by this.
    private boolean resting = true;
    private boolean broken;
    private long awaitedLength;
    private boolean arrived;

    /**
     * Owns the connection from now on.
     *
     * @param id of the region
     * @param length of the region in bytes
     * @param mappingsMax how many mappings the front-end can bear
     * @param announced whether each mapping comes back as a memory region, before which the guest does not see it
     */
    BackendChannel(String name, Descriptor socket, int id, long length, int mappingsMax, boolean announced)
            throws LinuxException {
        this.name = name;
        this.id = id;
        this.length = length;
        this.mappingsMax = mappingsMax;
        this.announced = announced;
        wake = EventDescriptor.create(0);
        channel = new VhostUserChannel(Connection.fromDescriptor(socket.release()));
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int mappingsMax() {
        return mappingsMax;
    }

    @Override
    public int map(long offset, long length, int fd, long fdOffset) {
        synchronized (this) {
            awaitedLength = announced ? length : 0;
            arrived = false;
        }
        MemoryFile.Identity file = MemoryFile.identity(fd);
        if (file != null) {
            // before it is asked for: the front-end may tell of the memory first, and answer later
            shown.put(offset, file);
        }
        boolean traced = LOGGER.isLoggable(Level.TRACE);
        long began = traced ? System.nanoTime() : 0;
        int error = ask(BackendRequest.SHMEM_MAP, offset, length, fdOffset, fd);
        long answered = traced ? System.nanoTime() : 0;
        if (error == 0 && announced) {
            error = awaitArrival();
        }
        if (traced) {
            LOGGER.log(
                    Level.TRACE,
                    "{0}: SHMEM_MAP of {1} bytes was answered ({2}) after {3} ns, and memory of the guest after {4} ns",
                    name,
                    Long.toString(length),
                    -error,
                    Long.toString(answered - began),
                    Long.toString(System.nanoTime() - began));
        }
        return error;
    }

    @Override
    public int unmap(long offset, long length) {
        int error = ask(BackendRequest.SHMEM_UNMAP, offset, length, 0);
        if (error == 0) {
            shown.remove(offset);
        }
        return error;
    }

    /** Whether a descriptor leads to a file that has been put into the region. Any thread. */
    boolean shows(int fd) {
        MemoryFile.Identity file = shown.isEmpty() ? null : MemoryFile.identity(fd);
        // Linux before 5.14 does not tell the inode here: then it cannot be told from other files in memory.
        return file != null && file.inode() != 0 && shown.containsValue(file);
    }

    /**
     * The front-end has told of memory: one region of this length, or with 0 all there is. Called by whoever reads the
     * main channel.
     */
    synchronized void memoryChanged(long length) {
        if (awaitedLength != 0 && (length == 0 || length == awaitedLength)) {
            arrived = true;
            notifyAll();
        }
    }

    /** A queue runs: the front-end can be asked. One that never ran may crash when it is. */
    synchronized void resume() {
        resting = false;
    }

    /** Ends whatever waits here, with {@code -EINTR}, and lets nobody ask until {@link #resume}. Any thread. */
    synchronized void interrupt() {
        resting = true;
        wake.signal();
        notifyAll();
    }

    private int ask(int request, long offset, long length, long fdOffset, int... fds) {
        synchronized (this) {
            if (broken) {
                return -Errno.EIO;
            }
            if (resting) {
                return -Errno.EINTR;
            }
            wake.drain();
        }
        channel.setLong(PayloadLayout.MAPPING_REGION, 0);
        channel.payload(PayloadLayout.MAPPING_REGION, 1).set(JAVA_BYTE, 0, (byte) id);
        channel.setLong(PayloadLayout.MAPPING_FD_OFFSET, fdOffset);
        channel.setLong(PayloadLayout.MAPPING_OFFSET, offset);
        channel.setLong(PayloadLayout.MAPPING_LENGTH, length);
        channel.setLong(PayloadLayout.MAPPING_FLAGS, PayloadLayout.MAPPING_WRITABLE);
        int unsent = send(request, fds);
        if (unsent != 0) {
            return unsent;
        }
        repliesToSkip++;
        while (repliesToSkip > 0) {
            int error = awaitReply();
            if (error != 0) {
                return error;
            }
            repliesToSkip--;
        }
        return channel.getLong(0) == 0 ? 0 : -Errno.EIO;
    }

    /** Sends a request: all of it, or nothing. */
    private int send(int request, int[] fds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            int sent = channel.send(request, true, PayloadLayout.MAPPING_SIZE, 0, fds);
            if (sent != -Errno.ETIMEDOUT) {
                return sent < 0 ? breakOff("it does not take requests") : 0;
            }
            int ready = await(Poll.POLLOUT, deadline);
            if (ready == 0) {
                return breakOff("it has not read a request for " + PATIENCE_SECONDS + " s");
            }
            if (poll.events(WAKE) != 0) {
                return -Errno.EINTR;
            }
        }
    }

    /** Waits until one reply has been received. */
    private int awaitReply() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        int ready;
        do {
            ready = await(Poll.POLLIN, deadline);
        } while (ready < 0);
        if (ready > 0 && poll.events(SOCKET) == 0) {
            return -Errno.EINTR;
        }
        int left = (int) Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
        int size = ready == 0 ? -Errno.ETIMEDOUT : channel.receiveReply(left);
        return switch (size) {
            case Long.BYTES -> 0;
            case -Errno.ETIMEDOUT -> breakOff("it has not answered for " + PATIENCE_SECONDS + " s");
            case -Errno.ECONNRESET -> breakOff("it closed the channel");
            default -> breakOff("its answer is none");
        };
    }

    /** Waits for the channel, or for {@link #interrupt}: 0 if neither came in time. */
    private int await(int events, long deadline) {
        poll.set(SOCKET, channel.connection().number(), events);
        poll.set(WAKE, wake.number(), Poll.POLLIN);
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        return left <= 0 ? 0 : poll.await((int) left);
    }

    private synchronized int awaitArrival() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!arrived) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (resting) {
                return -Errno.EINTR;
            }
            if (left <= 0) {
                return breakOff("a mapping that it acknowledged has not become memory of the guest");
            }
            try {
                wait(left);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return -Errno.EINTR;
            }
        }
        awaitedLength = 0;
        return 0;
    }

    private synchronized int breakOff(String why) {
        if (!broken) {
            broken = true;
            LOGGER.log(Level.ERROR, "{0}: the DAX window is lost, the front-end is at fault: {1}", name, why);
        }
        return -Errno.EIO;
    }

    /** Nobody asks any more. */
    @Override
    public void close() {
        channel.close();
        wake.close();
    }
}

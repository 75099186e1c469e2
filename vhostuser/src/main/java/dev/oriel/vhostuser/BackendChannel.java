package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.Poll;
import dev.oriel.virtio.memory.MappableRegion;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The channel on which the back-end asks, used for one thing: SHMEM_MAP and SHMEM_UNMAP, which fill a shared memory region of the device.
 *
 * <pre>
 *   0          4         8       12                                   52
 *   +----------+---------+-------+------------------------------------+
 *   | 9 or 10  | flags   | 40    | shmid 1, pad 7, fd offset 8,       |
 *   |          |         |       | region offset 8, length 8, flags 8 |
 *   +----------+---------+-------+------------------------------------+
 * </pre>
 *
 * <p>QEMU answers a SHMEM_MAP <i>before</i> its guest sees the pages. What follows when it does is the new memory region, or table, on the main
 * channel: only that is the end of a mapping ({@link #memoryChanged}). So whoever reads the main channel must never wait for this one, and
 * before it waits for a queue to come to rest it calls {@link #interrupt}, because QEMU answers nothing here until it has its own answer
 * there.
 */
final class BackendChannel implements MappableRegion, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.vhostuser");

    private static final int SHMEM_MAP = 9;
    private static final int SHMEM_UNMAP = 10;
    private static final int VERSION_NEED_REPLY = 0x9;
    private static final int REPLY_FLAGS = 0x5;
    private static final int HEADER_SIZE = 12;
    private static final int MAP_SIZE = 40;
    private static final long WRITABLE = 1;
    private static final int[] NO_DESCRIPTORS = {};

    /** A VMM that was stopped for so long (by a debugger, say) may lose this one mapping. */
    private static final int PATIENCE_SECONDS = 30;

    private final String name;
    private final int id;
    private final long length;
    private final int mappingsMax;
    private final boolean announced;
    private final Connection connection;
    private final EventDescriptor wake;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment message = arena.allocate(HEADER_SIZE + MAP_SIZE, Long.BYTES);
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
    BackendChannel(String name, Descriptor channel, int id, long length, int mappingsMax, boolean announced)
            throws LinuxException {
        this.name = name;
        this.id = id;
        this.length = length;
        this.mappingsMax = mappingsMax;
        this.announced = announced;
        wake = EventDescriptor.create(0);
        connection = Connection.fromDescriptor(channel.release());
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
        int error = ask(SHMEM_MAP, offset, length, new int[] {fd}, fdOffset);
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
        int error = ask(SHMEM_UNMAP, offset, length, NO_DESCRIPTORS, 0);
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
     * The front-end has told of memory: one region of this length, or with 0 all there is. Called by whoever reads the main channel.
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

    private int ask(int request, long offset, long length, int[] fds, long fdOffset) {
        synchronized (this) {
            if (broken) {
                return -Errno.EIO;
            }
            if (resting) {
                return -Errno.EINTR;
            }
            wake.drain();
        }
        message.set(JAVA_INT, 0, request);
        message.set(JAVA_INT, 4, VERSION_NEED_REPLY);
        message.set(JAVA_INT, 8, MAP_SIZE);
        MemorySegment payload = message.asSlice(HEADER_SIZE, MAP_SIZE);
        setLong(payload, 0, Integer.toUnsignedLong(id));
        setLong(payload, 8, fdOffset);
        setLong(payload, 16, offset);
        setLong(payload, 24, length);
        setLong(payload, 32, WRITABLE);
        int unsent = send(fds);
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
        return message.get(JAVA_LONG_UNALIGNED, HEADER_SIZE) == 0 ? 0 : -Errno.EIO;
    }

    /** Sends {@link #message}: all of it, or nothing. */
    private int send(int[] fds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            int sent = connection.send(message, 0, HEADER_SIZE + MAP_SIZE, fds, fds.length, 0);
            if (sent != -Errno.ETIMEDOUT) {
                return sent < 0 ? breakOff("it does not take requests") : 0;
            }
            poll.set(0, connection.number(), Poll.POLLOUT);
            poll.set(1, wake.number(), Poll.POLLIN);
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0 || poll.await((int) left) == 0) {
                return breakOff("it has not read a request for " + PATIENCE_SECONDS + " s");
            }
            if (poll.events(1) != 0) {
                return -Errno.EINTR;
            }
        }
    }

    private static void setLong(MemorySegment payload, long offset, long value) {
        payload.set(JAVA_LONG_UNALIGNED, offset, value);
    }

    /** Waits until one reply has been received into {@link #message}. */
    private int awaitReply() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        int have = 0;
        int want = HEADER_SIZE + Long.BYTES;
        try (DescriptorQueue none = new DescriptorQueue(1)) {
            while (have < want) {
                poll.set(0, connection.number(), Poll.POLLIN);
                poll.set(1, wake.number(), Poll.POLLIN);
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                int ready = left <= 0 ? 0 : poll.await((int) left);
                if (ready == 0) {
                    return breakOff("it has not answered for " + PATIENCE_SECONDS + " s");
                }
                if (poll.events(0) != 0) {
                    int count = connection.receive(message, have, want - have, none);
                    if (count <= 0) {
                        return breakOff("it closed the channel");
                    }
                    have += count;
                } else if (ready > 0 && have == 0) {
                    return -Errno.EINTR;
                }
            }
        }
        if (message.get(JAVA_INT, 4) != REPLY_FLAGS || message.get(JAVA_INT, 8) != Long.BYTES) {
            return breakOff("its answer is none");
        }
        return 0;
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
        connection.close();
        wake.close();
        arena.close();
    }
}

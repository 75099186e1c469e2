package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.ReceivedDescriptors;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The front-end's end of the back-end channel: a thread that does what the back-end asks, which is to map and unmap files in the
 * shared memory window. A request that cannot be done is refused and said in the log; what is no request ends the channel.
 *
 * <pre>
 *   SHMEM_MAP, SHMEM_UNMAP   shmid 1, padding 7, fd offset 8, window offset 8, length 8, flags 8
 * </pre>
 */
final class BackendRequests implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.oriel.vhostuser");

    private static final int CONFIG_CHANGE = 2;
    private static final int SHMEM_MAP = 9;
    private static final int SHMEM_UNMAP = 10;
    private static final int MAPPING_SIZE = 40;
    private static final long FLAG_WRITE = 1;

    private static final int HEADER_SIZE = 12;
    private static final int MAX_SIZE = 256;
    private static final int FLAGS = 4;
    private static final int SIZE = 8;
    private static final int VERSION_MASK = 0x3;
    private static final int VERSION = 0x1;
    private static final int REPLY = 0x4;
    private static final int NEED_REPLY = 0x8;
    private static final int MAX_DESCRIPTORS = 8;
    private static final int[] NO_DESCRIPTORS = {};
    private static final long END_NANOS = 10_000_000_000L;

    private final Connection connection;
    private final String name;
    private final @Nullable SharedMemoryWindow window;
    private final MemorySegment bytes = Arena.ofAuto().allocate(HEADER_SIZE + MAX_SIZE, Long.BYTES);
    private final DescriptorQueue descriptors = new DescriptorQueue(MAX_DESCRIPTORS);
    private final Thread thread;

    /**
     * @param connection our end of the channel, owned by this object from now on
     * @param name of the back-end, for messages to people
     * @param window region 0 of the device; null if it has none
     */
    BackendRequests(Connection connection, String name, @Nullable SharedMemoryWindow window) {
        this.connection = connection;
        this.name = name;
        this.window = window;
        thread = Thread.ofPlatform().daemon().name("oriel-backend-requests").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (receive()) {
                String refusal = answer();
                if (refusal != null) {
                    LOG.log(Level.WARNING, name + " asked for what cannot be: " + refusal);
                }
                descriptors.close();
                if ((flags() & NEED_REPLY) != 0 && !reply(refusal == null ? 0 : 1)) {
                    return;
                }
            }
        } finally {
            descriptors.close();
            connection.shutdown();
        }
    }

    /** Receives a request; false if there will be none any more. */
    private boolean receive() {
        if (!receiveFully(0, HEADER_SIZE)) {
            return false;
        }
        int size = bytes.get(JAVA_INT, SIZE);
        if ((flags() & VERSION_MASK) != VERSION || (flags() & REPLY) != 0 || size < 0 || size > MAX_SIZE) {
            LOG.log(
                    Level.WARNING,
                    "%s sent on the back-end channel what is no request (flags 0x%x, %s bytes): the channel is closed"
                            .formatted(name, flags(), Integer.toUnsignedString(size)));
            return false;
        }
        return receiveFully(HEADER_SIZE, size);
    }

    private boolean receiveFully(int offset, int length) {
        int done = 0;
        while (done < length) {
            int count = connection.receive(bytes, offset + done, length - done, descriptors);
            if (count <= 0) {
                if (count == -Errno.EMSGSIZE || done > 0) {
                    LOG.log(
                            Level.WARNING,
                            name + " sent half a message or too many descriptors on the back-end channel");
                }
                return false;
            }
            done += count;
        }
        return true;
    }

    private int flags() {
        return bytes.get(JAVA_INT, FLAGS);
    }

    /** Does what is asked: null, or why it cannot be. */
    private @Nullable String answer() {
        int request = bytes.get(JAVA_INT, 0);
        return switch (request) {
            case CONFIG_CHANGE -> null;
            case SHMEM_MAP, SHMEM_UNMAP -> mapping(request == SHMEM_MAP);
            default -> "request " + request + " is not known here";
        };
    }

    private @Nullable String mapping(boolean map) {
        String what = map ? "SHMEM_MAP" : "SHMEM_UNMAP";
        if (window == null) {
            return what + " without a window";
        }
        int size = bytes.get(JAVA_INT, SIZE);
        if (size != MAPPING_SIZE) {
            return what + " of " + size + " bytes instead of " + MAPPING_SIZE;
        }
        int region = bytes.get(JAVA_BYTE, HEADER_SIZE) & 0xff;
        if (region != 0) {
            return what + " in region " + region + ", which does not exist";
        }
        long fileOffset = bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + 8);
        long offset = bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + 16);
        long length = bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + 24);
        boolean writable = (bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + 32) & FLAG_WRITE) != 0;
        if (descriptors.count() != (map ? 1 : 0)) {
            return what + " with " + descriptors.count() + " file descriptors";
        }
        int result;
        if (map) {
            int fd = descriptors.take();
            // before anything else: whoever asks the file system of such a file for something may wait for ever
            String unsuitable = MemoryFile.unsuitable(fd);
            if (unsuitable != null) {
                ReceivedDescriptors.close(fd);
                return what + " of a file that must not be mapped: " + unsuitable;
            }
            result = window.map(fd, fileOffset, offset, length, writable);
            ReceivedDescriptors.close(fd);
        } else {
            result = window.unmap(offset, length);
        }
        return result == 0
                ? null
                : "%s of 0x%x bytes at 0x%x of a window of 0x%x, file offset 0x%x: %s"
                        .formatted(what, length, offset, window.length(), fileOffset, Errno.message(-result));
    }

    private boolean reply(long value) {
        bytes.set(JAVA_INT, FLAGS, VERSION | REPLY);
        bytes.set(JAVA_INT, SIZE, Long.BYTES);
        bytes.set(JAVA_LONG_UNALIGNED, HEADER_SIZE, value);
        return connection.send(bytes, 0, HEADER_SIZE + Long.BYTES, NO_DESCRIPTORS, 0) > 0;
    }

    /** Ends the channel and its thread. One that does not end in time is said, and left with the channel. */
    @Override
    public void close() {
        connection.shutdown();
        long deadline = System.nanoTime() + END_NANOS;
        boolean interrupted = false;
        while (thread.isAlive() && System.nanoTime() - deadline < 0) {
            try {
                boolean _ = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.log(
                    Level.WARNING,
                    "the thread that maps files for " + name + " does not end: what it maps does not answer");
        } else {
            connection.close();
        }
    }
}

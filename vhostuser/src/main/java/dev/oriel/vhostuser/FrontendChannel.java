package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.Poll;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * The main channel as a front-end uses it: sends requests and waits for their replies, each for a limited time. Host byte order.
 *
 * <pre>
 *   0          4          8          12
 *   +----------+----------+----------+-----------
 *   | request  | flags    | size     | payload ...
 *   +----------+----------+----------+-----------
 * </pre>
 *
 * <p>Offsets in these methods count from the start of the payload. For one thread at a time. After an exception the channel is of no
 * more use.
 */
final class FrontendChannel implements AutoCloseable {
    private static final int HEADER_SIZE = 12;
    /** The longest message is the reply to GET_SHMEM_CONFIG: 2056 bytes. */
    private static final int MAX_SIZE = 4096;

    private static final int FLAGS = 4;
    private static final int SIZE = 8;
    private static final int VERSION = 0x1;
    private static final int REPLY = 0x4;
    private static final int NEED_REPLY = 0x8;
    private static final int[] NO_DESCRIPTORS = {};

    private final Connection connection;
    private final String name;
    private final Duration timeLimit;
    private final MemorySegment bytes = Arena.ofAuto().allocate(HEADER_SIZE + MAX_SIZE, Long.BYTES);
    private final DescriptorQueue descriptors = new DescriptorQueue(1);
    private final Poll poll = new Poll(1);
    private boolean acknowledged;

    /**
     * @param connection owned by this object from now on
     * @param name of the back-end, for messages to people
     * @param timeLimit how long the back-end may take for a request, and then for its reply
     */
    FrontendChannel(Connection connection, String name, Duration timeLimit) {
        this.connection = connection;
        this.name = name;
        this.timeLimit = timeLimit;
        poll.set(0, connection.number(), Poll.POLLIN);
    }

    Connection connection() {
        return connection;
    }

    /** From now on every request without a reply of its own asks for an acknowledgement (REPLY_ACK). */
    void acknowledgeAll() {
        acknowledged = true;
    }

    void setInt(int offset, int value) {
        bytes.set(JAVA_INT, HEADER_SIZE + offset, value);
    }

    void setLong(int offset, long value) {
        bytes.set(JAVA_LONG_UNALIGNED, HEADER_SIZE + offset, value);
    }

    int getInt(int offset) {
        return bytes.get(JAVA_INT, HEADER_SIZE + offset);
    }

    long getLong(int offset) {
        return bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + offset);
    }

    MemorySegment payload(int offset, int length) {
        return bytes.asSlice(HEADER_SIZE + offset, length);
    }

    /** Sends a request that has no reply but, where that was negotiated, an acknowledgement, which is waited for. */
    void tell(String what, int request, int size, int... fds) throws BackendException {
        send(what, request, acknowledged ? NEED_REPLY : 0, size, fds);
        if (acknowledged) {
            receive(what, request, Long.BYTES, Long.BYTES);
            long answer = getLong(0);
            if (answer != 0) {
                throw new BackendException(name + " refused " + what + " (it answered " + answer + ")");
            }
        }
    }

    /** Sends a request and waits for its reply: the length of the payload of the reply, which is in the place of the request's. */
    int ask(String what, int request, int size, int minReply, int maxReply) throws BackendException {
        send(what, request, 0, size, NO_DESCRIPTORS);
        return receive(what, request, minReply, maxReply);
    }

    /** Asks for one number. */
    long askLong(String what, int request) throws BackendException {
        ask(what, request, 0, Long.BYTES, Long.BYTES);
        return getLong(0);
    }

    private void send(String what, int request, int flags, int size, int[] fds) throws BackendException {
        bytes.set(JAVA_INT, 0, request);
        bytes.set(JAVA_INT, FLAGS, VERSION | flags);
        bytes.set(JAVA_INT, SIZE, size);
        int patience = Math.clamp(timeLimit.toMillis(), 1, Integer.MAX_VALUE);
        int sent = connection.send(bytes, 0, HEADER_SIZE + size, fds, fds.length, patience);
        if (sent == -Errno.ETIMEDOUT) {
            throw new BackendException(
                    name + " did not take " + what + " within " + timeLimit.toMillis() + " ms; is it hung?");
        }
        if (sent < 0) {
            throw new BackendException(name + " is gone: sending " + what + " failed: " + Errno.message(-sent));
        }
    }

    private int receive(String what, int request, int minReply, int maxReply) throws BackendException {
        long deadline = System.nanoTime() + timeLimit.toNanos();
        receiveFully(what, 0, HEADER_SIZE, deadline);
        int answered = bytes.get(JAVA_INT, 0);
        int flags = bytes.get(JAVA_INT, FLAGS);
        int size = bytes.get(JAVA_INT, SIZE);
        if (answered != request || (flags & ~NEED_REPLY) != (VERSION | REPLY)) {
            throw new BackendException("%s answered %s with message %d and flags 0x%x: that is no reply to it"
                    .formatted(name, what, answered, flags));
        }
        if (size < minReply || size > maxReply) {
            throw new BackendException("%s answered %s with %s bytes; the protocol says %d%s"
                    .formatted(
                            name,
                            what,
                            Integer.toUnsignedString(size),
                            minReply,
                            minReply == maxReply ? "" : " to " + maxReply));
        }
        receiveFully(what, HEADER_SIZE, size, deadline);
        return size;
    }

    private void receiveFully(String what, int offset, int length, long deadline) throws BackendException {
        int done = 0;
        while (done < length) {
            long left = deadline - System.nanoTime();
            int ready = left <= 0 ? 0 : poll.await((int) Math.min(Integer.MAX_VALUE, left / 1_000_000 + 1));
            if (ready == -Errno.EINTR) {
                continue;
            }
            if (ready == 0) {
                throw new BackendException(
                        name + " did not answer " + what + " within " + timeLimit.toMillis() + " ms; is it hung?");
            }
            int count = connection.receive(bytes, offset + done, length - done, descriptors);
            // no reply that we ask for carries one
            descriptors.close();
            if (count <= 0) {
                throw new BackendException(name + " ended the connection at " + what
                        + (count < 0 ? ": " + Errno.message(-count) : "; its own messages may say why"));
            }
            done += count;
        }
    }

    @Override
    public void close() {
        connection.shutdown();
        connection.close();
    }
}

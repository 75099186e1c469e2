package dev.oriel.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One vfio-user message: a command of the client, and in its place the reply. Host byte order.
 *
 * <pre>
 *   0     2         4          8          12         16
 *   +-----+---------+----------+----------+----------+-----------
 *   | id  | command | size     | flags    | errno    | payload ...
 *   +-----+---------+----------+----------+----------+-----------
 * </pre>
 *
 * <p>The size counts the header. Of the flags, bits 0 to 3 are 0 in a command and 1 in a reply, bit 4 says that no reply is wanted, bit 5 that
 * errno is set. Offsets in these methods count from the start of the payload. Owns the descriptors that came with the message, until they
 * are taken. For one thread.
 */
final class Message implements AutoCloseable {
    /** The most bytes of a region that one message carries. */
    static final int MAX_DATA = 64 * 1024;

    /** The most descriptors that come with one message: cloud-hypervisor sends so many. */
    static final int MAX_DESCRIPTORS = 16;

    private static final int HEADER_SIZE = 16;
    private static final int MAX_PAYLOAD = MAX_DATA + 16;

    private static final int COMMAND = 2;
    private static final int SIZE = 4;
    private static final int FLAGS = 8;
    private static final int ERRNO = 12;

    private static final int TYPE_MASK = 0xf;
    private static final int TYPE_REPLY = 0x1;
    private static final int NO_REPLY = 0x10;
    private static final int ERROR = 0x20;

    /**
     * So long a client may leave more replies unread than a socket holds, which one that waits for each reply never does; and so long a message
     * that has begun may take.
     */
    private static final int PATIENCE_MILLIS = 2_000;

    private static final int[] NO_DESCRIPTORS = {};

    private final MemorySegment bytes;
    private final DescriptorQueue descriptors = new DescriptorQueue(MAX_DESCRIPTORS);
    private int size;
    private boolean wantsReply;
    private long begun;

    /** @param arena owner of the memory that messages are kept in */
    Message(Arena arena) {
        bytes = arena.allocate(HEADER_SIZE + MAX_PAYLOAD, Long.BYTES);
    }

    /**
     * Receives a command, which has begun to come, in the place of what was here. Descriptors of the message before are closed.
     *
     * @return false if the client ended the connection
     * @throws ProtocolViolation if what came is no command
     * @throws LinuxException if the connection failed
     */
    boolean receive(Connection connection) throws ProtocolViolation, LinuxException {
        descriptors.close();
        begun = System.nanoTime();
        if (!receive(connection, 0, HEADER_SIZE)) {
            return false;
        }
        int total = bytes.get(JAVA_INT_UNALIGNED, SIZE);
        int flags = bytes.get(JAVA_INT_UNALIGNED, FLAGS);
        if ((flags & TYPE_MASK) != 0) {
            throw new ProtocolViolation("a message with the flags 0x%x: not a command".formatted(flags));
        }
        if (total < HEADER_SIZE || total > HEADER_SIZE + MAX_PAYLOAD) {
            throw new ProtocolViolation("a message of " + Integer.toUnsignedString(total) + " bytes, and not of "
                    + HEADER_SIZE + " to " + (HEADER_SIZE + MAX_PAYLOAD));
        }
        size = total - HEADER_SIZE;
        wantsReply = (flags & NO_REPLY) == 0;
        if (size > 0 && !receive(connection, HEADER_SIZE, size)) {
            throw new ProtocolViolation("half a message");
        }
        return true;
    }

    /** Receives exactly so many bytes; false if there are none any more. */
    private boolean receive(Connection connection, int offset, int length) throws ProtocolViolation, LinuxException {
        int done = 0;
        while (done < length) {
            int left = PATIENCE_MILLIS - (int) NANOSECONDS.toMillis(System.nanoTime() - begun);
            int count = connection.receive(bytes, offset + done, length - done, descriptors, Math.max(left, 0));
            if (count == -Errno.ETIMEDOUT) {
                throw new ProtocolViolation("half a message, and no more of it");
            }
            if (count == -Errno.EMSGSIZE) {
                throw new ProtocolViolation("a message with more than " + MAX_DESCRIPTORS + " file descriptors");
            }
            if (count == 0 || count == -Errno.ECONNRESET) {
                if (done > 0) {
                    throw new ProtocolViolation("half a message");
                }
                return false;
            }
            done += LinuxException.check(count, "receive a vfio-user message");
        }
        return true;
    }

    /** The number of the command. */
    int command() {
        return Short.toUnsignedInt(bytes.get(JAVA_SHORT_UNALIGNED, COMMAND));
    }

    /** The length of the payload in bytes. */
    int size() {
        return size;
    }

    boolean wantsReply() {
        return wantsReply;
    }

    /** What came with the message and was not taken. */
    DescriptorQueue descriptors() {
        return descriptors;
    }

    /** Takes the oldest descriptor; there is one. */
    Descriptor takeDescriptor() {
        return Descriptor.received(descriptors.take());
    }

    int getShort(int offset) {
        return Short.toUnsignedInt(bytes.get(JAVA_SHORT_UNALIGNED, HEADER_SIZE + offset));
    }

    void setShort(int offset, int value) {
        bytes.set(JAVA_SHORT_UNALIGNED, HEADER_SIZE + offset, (short) value);
    }

    int getInt(int offset) {
        return bytes.get(JAVA_INT_UNALIGNED, HEADER_SIZE + offset);
    }

    void setInt(int offset, int value) {
        bytes.set(JAVA_INT_UNALIGNED, HEADER_SIZE + offset, value);
    }

    long getLong(int offset) {
        return bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + offset);
    }

    void setLong(int offset, long value) {
        bytes.set(JAVA_LONG_UNALIGNED, HEADER_SIZE + offset, value);
    }

    /** Part of the payload, whatever its length is. */
    MemorySegment payload(int offset, int length) {
        return bytes.asSlice(HEADER_SIZE + offset, length);
    }

    /**
     * Answers with what the payload is now, if an answer is wanted.
     *
     * @param length of the payload in bytes
     * @throws LinuxException if the connection failed
     * @throws ProtocolViolation if the client does not take its replies
     */
    void reply(Connection connection, int length) throws LinuxException, ProtocolViolation {
        reply(connection, length, NO_DESCRIPTORS);
    }

    /** The same along with descriptors, which stay owned by the caller. */
    void reply(Connection connection, int length, int... fds) throws LinuxException, ProtocolViolation {
        send(connection, length, TYPE_REPLY, 0, fds);
    }

    /** Answers, if an answer is wanted, that it was not done: a header and nothing else. */
    void replyError(Connection connection, int errno) throws LinuxException, ProtocolViolation {
        send(connection, 0, TYPE_REPLY | ERROR, errno, NO_DESCRIPTORS);
    }

    private void send(Connection connection, int length, int flags, int errno, int[] fds)
            throws LinuxException, ProtocolViolation {
        if (!wantsReply) {
            return;
        }
        bytes.set(JAVA_INT_UNALIGNED, SIZE, HEADER_SIZE + length);
        bytes.set(JAVA_INT_UNALIGNED, FLAGS, flags);
        bytes.set(JAVA_INT_UNALIGNED, ERRNO, errno);
        int sent = connection.send(bytes, 0, HEADER_SIZE + length, fds, fds.length, PATIENCE_MILLIS);
        if (sent == -Errno.ETIMEDOUT) {
            throw new ProtocolViolation("commands, and does not read the replies");
        }
        LinuxException.check(sent, "answer a vfio-user message");
    }

    /** Closes the descriptors that nobody took. */
    @Override
    public void close() {
        descriptors.close();
    }
}

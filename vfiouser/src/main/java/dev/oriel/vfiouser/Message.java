package dev.oriel.vfiouser;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.socket.MessageChannel;
import dev.oriel.socket.ProtocolViolation;
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
 * <p>The size counts the header. Of the flags, bits 0 to 3 are 0 in a command and 1 in a reply, bit 4 says that no
 * reply is wanted, bit 5 that errno is set. Offsets in these methods count from the start of the payload. Owns the
 * connection, and the descriptors that came with the message, until they are taken. For one thread.
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
     * So long a client may leave more replies unread than a socket holds, which one that waits for each reply never
     * does; and so long a message that has begun may take.
     */
    private static final int PATIENCE_MILLIS = 2_000;

    private final MessageChannel messages;
    private int size;
    private boolean wantsReply;

    /** @param connection owned by this object from now on */
    Message(Connection connection) {
        messages = new MessageChannel(connection, HEADER_SIZE, MAX_PAYLOAD, MAX_DESCRIPTORS);
    }

    /**
     * Receives a command, which has begun to come, in the place of what was here. Descriptors of the message before are
     * closed.
     *
     * @return false if the client ended the connection
     * @throws ProtocolViolation if what came is no command
     * @throws LinuxException if the connection failed
     */
    boolean receive() throws ProtocolViolation, LinuxException {
        if (!messages.received(messages.receiveHeader(PATIENCE_MILLIS))) {
            return false;
        }
        int total = messages.headerInt(SIZE);
        int flags = messages.headerInt(FLAGS);
        if ((flags & TYPE_MASK) != 0) {
            throw new ProtocolViolation("a message with the flags 0x%x: not a command".formatted(flags));
        }
        if (total < HEADER_SIZE || total > HEADER_SIZE + MAX_PAYLOAD) {
            throw new ProtocolViolation("a message of " + Integer.toUnsignedString(total) + " bytes, and not of "
                    + HEADER_SIZE + " to " + (HEADER_SIZE + MAX_PAYLOAD));
        }
        size = total - HEADER_SIZE;
        wantsReply = (flags & NO_REPLY) == 0;
        return messages.received(messages.receivePayload(size));
    }

    /** The number of the command. */
    int command() {
        return messages.headerShort(COMMAND);
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
        return messages.descriptors();
    }

    /** Takes the oldest descriptor; there is one. */
    Descriptor takeDescriptor() {
        return messages.takeDescriptor();
    }

    int getShort(int offset) {
        return messages.getShort(offset);
    }

    void setShort(int offset, int value) {
        messages.setShort(offset, value);
    }

    int getInt(int offset) {
        return messages.getInt(offset);
    }

    void setInt(int offset, int value) {
        messages.setInt(offset, value);
    }

    long getLong(int offset) {
        return messages.getLong(offset);
    }

    void setLong(int offset, long value) {
        messages.setLong(offset, value);
    }

    /** Part of the payload, whatever its length is. */
    MemorySegment payload(int offset, int length) {
        return messages.payload(offset, length);
    }

    /**
     * Answers with what the payload is now, if an answer is wanted.
     *
     * @param length of the payload in bytes
     * @param fds descriptors to send along, which stay owned by the caller
     * @throws LinuxException if the connection failed
     * @throws ProtocolViolation if the client does not take its replies
     */
    void reply(int length, int... fds) throws LinuxException, ProtocolViolation {
        send(length, TYPE_REPLY, 0, fds);
    }

    /** Answers, if an answer is wanted, that it was not done: a header and nothing else. */
    void replyError(int errno) throws LinuxException, ProtocolViolation {
        send(0, TYPE_REPLY | ERROR, errno);
    }

    private void send(int length, int flags, int errno, int... fds) throws LinuxException, ProtocolViolation {
        if (!wantsReply) {
            return;
        }
        messages.headerInt(SIZE, HEADER_SIZE + length);
        messages.headerInt(FLAGS, flags);
        messages.headerInt(ERRNO, errno);
        int sent = messages.send(length, PATIENCE_MILLIS, fds);
        if (sent == -Errno.ETIMEDOUT) {
            throw new ProtocolViolation("commands, and does not read the replies");
        }
        LinuxException.check(sent, "answer a vfio-user message");
    }

    /** Closes the connection, and the descriptors that nobody took. */
    @Override
    public void close() {
        messages.close();
    }
}

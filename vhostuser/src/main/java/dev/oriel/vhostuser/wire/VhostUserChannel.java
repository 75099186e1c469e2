package dev.oriel.vhostuser.wire;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.socket.MessageChannel;
import dev.oriel.socket.ProtocolViolation;
import java.lang.foreign.MemorySegment;

/**
 * One end of a vhost-user connection, of the main channel or of the back-end channel, and the one message that it
 * holds: a request, and in its place the reply. Host byte order.
 *
 * <pre>
 *   0          4          8          12
 *   +----------+----------+----------+-----------
 *   | request  | flags    | size     | payload ...
 *   +----------+----------+----------+-----------
 * </pre>
 *
 * <p>Of the flags, bits 0 and 1 are the version, bit 2 marks a reply, and bit 3 asks for one. Offsets in these methods
 * count from the start of the payload. Owns the connection and the descriptors that came with the message, until they
 * are taken. For one thread at a time.
 */
public final class VhostUserChannel implements AutoCloseable {
    /** Bytes of the longest payload: the longest that there is, the reply to GET_SHMEM_CONFIG, has 2056. */
    public static final int MAX_PAYLOAD = 4096;

    private static final int MAX_DESCRIPTORS = 8;

    /** No number of a request. */
    private static final int ANY = -1;

    private static final int HEADER_SIZE = 12;
    private static final int REQUEST = 0;
    private static final int FLAGS = 4;
    private static final int SIZE = 8;

    private static final int VERSION_MASK = 0x3;
    private static final int VERSION = 0x1;
    private static final int REPLY = 0x4;
    private static final int NEED_REPLY = 0x8;

    /**
     * So long the other side may leave more replies unread than a socket holds, which one that waits for each reply
     * never does.
     */
    private static final int PATIENCE_MILLIS = 2_000;

    private final MessageChannel messages;

    /** @param connection owned by this object from now on */
    public VhostUserChannel(Connection connection) {
        messages = new MessageChannel(connection, HEADER_SIZE, MAX_PAYLOAD, MAX_DESCRIPTORS);
    }

    /** The socket, to wait for and to shut down; still owned by this object. */
    public Connection connection() {
        return messages.connection();
    }

    /**
     * Waits for a request and receives it. Descriptors of the message before are closed.
     *
     * @return false if the other side ended the connection
     * @throws ProtocolViolation if what came is no request
     * @throws LinuxException if the connection failed
     */
    public boolean receiveRequest() throws ProtocolViolation, LinuxException {
        if (!messages.received(messages.receiveHeader(MessageChannel.FOREVER))) {
            return false;
        }
        if ((flags() & VERSION_MASK) != VERSION || (flags() & REPLY) != 0) {
            throw new ProtocolViolation("a message with the flags 0x%x: not a request of version 1".formatted(flags()));
        }
        if (size() < 0 || size() > MAX_PAYLOAD) {
            throw new ProtocolViolation(
                    "a message of " + Integer.toUnsignedString(size()) + " bytes: no request is so long");
        }
        return messages.received(messages.receivePayload(size()));
    }

    /**
     * Receives the reply to a request of any number, see {@link #receiveReply(int, int)}: some front-ends may not
     * repeat the number of a request of the back-end.
     */
    public int receiveReply(int timeoutMillis) {
        return receiveReply(ANY, timeoutMillis);
    }

    /**
     * Receives the reply to a request in the place of the request. Descriptors that come along are of no use, and are
     * closed.
     *
     * @param timeoutMillis how long it may take
     * @return the bytes of its payload; -ECONNRESET if the connection ended, -ETIMEDOUT, -EBADMSG if what came is no
     *     reply to this request, or another -errno: the channel is of no more use
     */
    public int receiveReply(int request, int timeoutMillis) {
        int outcome = messages.receiveHeader(timeoutMillis);
        if (outcome == MessageChannel.RECEIVED) {
            boolean fits = (request == ANY || request() == request) && (flags() & ~NEED_REPLY) == (VERSION | REPLY);
            outcome = fits && size() >= 0 && size() <= MAX_PAYLOAD ? messages.receivePayload(size()) : -Errno.EBADMSG;
        }
        messages.descriptors().close();
        return switch (outcome) {
            case MessageChannel.RECEIVED -> size();
            case MessageChannel.ENDED -> -Errno.ECONNRESET;
            default -> outcome;
        };
    }

    /**
     * Sends a request with what the payload is now.
     *
     * @param needReply whether a request without a reply of its own asks for an acknowledgement (REPLY_ACK)
     * @param size bytes of the payload
     * @param timeoutMillis how long the other side may take nothing
     * @param fds descriptors to send along, which stay owned by the caller
     * @return 0; -ETIMEDOUT, or another -errno: the channel is of no more use, but after -ETIMEDOUT of a limit of 0
     *     nothing was sent
     */
    public int send(int request, boolean needReply, int size, int timeoutMillis, int... fds) {
        messages.headerInt(REQUEST, request);
        messages.headerInt(FLAGS, needReply ? VERSION | NEED_REPLY : VERSION);
        messages.headerInt(SIZE, size);
        return messages.send(size, timeoutMillis, fds);
    }

    /**
     * Answers the request that was received with what its payload is now.
     *
     * @param size bytes of the payload
     * @throws LinuxException if the connection failed; ETIMEDOUT if the other side reads nothing
     */
    public void reply(int size) throws LinuxException {
        messages.headerInt(FLAGS, VERSION | REPLY);
        messages.headerInt(SIZE, size);
        LinuxException.check(messages.send(size, PATIENCE_MILLIS), "answer a vhost-user message");
    }

    /** Answers the request that was received with one number. */
    public void reply(long value) throws LinuxException {
        setLong(0, value);
        reply(Long.BYTES);
    }

    /** The number of the message. */
    public int request() {
        return messages.headerInt(REQUEST);
    }

    /** The flags as they are in the header, for messages to people. */
    public int flags() {
        return messages.headerInt(FLAGS);
    }

    /** Whether the request asks for an acknowledgement. */
    public boolean needsReply() {
        return (flags() & NEED_REPLY) != 0;
    }

    /** Bytes of the payload. */
    public int size() {
        return messages.headerInt(SIZE);
    }

    /** What came with the message and was not taken. */
    public DescriptorQueue descriptors() {
        return messages.descriptors();
    }

    /** Takes the oldest descriptor; there is one. */
    public Descriptor takeDescriptor() {
        return messages.takeDescriptor();
    }

    /** 32 bits of the payload. */
    public int getInt(int offset) {
        return messages.getInt(offset);
    }

    /** 64 bits of the payload. */
    public long getLong(int offset) {
        return messages.getLong(offset);
    }

    /** Sets 32 bits of the payload. */
    public void setInt(int offset, int value) {
        messages.setInt(offset, value);
    }

    /** Sets 64 bits of the payload. */
    public void setLong(int offset, long value) {
        messages.setLong(offset, value);
    }

    /** A part of the payload, whatever its length is. */
    public MemorySegment payload(int offset, int length) {
        return messages.payload(offset, length);
    }

    /**
     * Closes the connection, and the descriptors that nobody took. A thread that waits in it is not woken: shut the
     * connection down first.
     */
    @Override
    public void close() {
        messages.close();
    }
}

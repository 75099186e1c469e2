package dev.oriel.socket;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * Messages over a UNIX socket, one at a time: a header of a fixed size, a payload, and descriptors along with them.
 * Host byte order. What the header means, and with it how long the payload is, is the protocol's matter: the caller
 * reads it and asks for the payload.
 *
 * <pre>
 *   0                 header size
 *   +-----------------+--------------------------+
 *   | header          | payload ...              |   one memory for what is received and for what is sent
 *   +-----------------+--------------------------+
 * </pre>
 *
 * <p>Owns the connection, and the descriptors that came with a message, until they are taken or the next message is
 * received. Answers {@code -errno}, and allocates nothing once it is made. For one thread at a time.
 */
public final class MessageChannel implements AutoCloseable {
    /** All that was asked for is there. */
    public static final int RECEIVED = 1;

    /** The other side ended the connection, behind a whole message. */
    public static final int ENDED = 0;

    /** No limit of time. */
    public static final int FOREVER = -1;

    private final Connection connection;
    private final int headerSize;
    private final MemorySegment bytes;
    private final DescriptorQueue descriptors;
    private final int maxDescriptors;

    private long begun;
    private int limitMillis = FOREVER;

    /**
     * @param connection owned by this object from now on
     * @param headerSize bytes, a multiple of 4
     * @param maxPayload bytes of the longest payload, of either direction
     * @param maxDescriptors the most that may come along with a message
     */
    public MessageChannel(Connection connection, int headerSize, int maxPayload, int maxDescriptors) {
        this.connection = connection;
        this.headerSize = headerSize;
        bytes = Arena.ofAuto().allocate(headerSize + maxPayload, Long.BYTES);
        this.maxDescriptors = maxDescriptors;
        descriptors = new DescriptorQueue(maxDescriptors);
    }

    /** The socket, to wait for and to shut down; still owned by this object. */
    public Connection connection() {
        return connection;
    }

    /** Bytes of the longest payload. */
    public int maxPayload() {
        return (int) bytes.byteSize() - headerSize;
    }

    /**
     * Waits for a message and receives its header in the place of what was here. Descriptors of the message before are
     * closed.
     *
     * @param timeoutMillis how long the whole message may take, or {@link #FOREVER}
     * @return {@link #RECEIVED}; {@link #ENDED}; -ECONNRESET if the connection ended inside the header, -ETIMEDOUT,
     *     -EMSGSIZE if more descriptors came than may, or another -errno: the connection is of no more use
     */
    public int receiveHeader(int timeoutMillis) {
        descriptors.close();
        limitMillis = timeoutMillis;
        begun = System.nanoTime();
        return receive(0, headerSize);
    }

    /**
     * Receives the payload of a message whose header has been received, in what is left of its time.
     *
     * @param length bytes, 0 to {@link #maxPayload()}
     * @return {@link #RECEIVED} or -errno, as of {@link #receiveHeader}
     */
    public int receivePayload(int length) {
        return receive(headerSize, length);
    }

    private int receive(int offset, int length) {
        int done = 0;
        while (done < length) {
            int count = limitMillis < 0
                    ? connection.receive(bytes, offset + done, length - done, descriptors)
                    : connection.receive(bytes, offset + done, length - done, descriptors, millisLeft());
            if (count == 0 || count == -Errno.ECONNRESET) {
                return offset + done == 0 ? ENDED : -Errno.ECONNRESET;
            }
            if (count < 0) {
                return count;
            }
            done += count;
        }
        return RECEIVED;
    }

    /**
     * Whether a message has come.
     *
     * @param outcome what receiving it answered
     * @return false if the other side has ended the connection
     * @throws ProtocolViolation if what came is no whole message
     * @throws LinuxException if the connection failed
     */
    public boolean received(int outcome) throws ProtocolViolation, LinuxException {
        return switch (outcome) {
            case RECEIVED -> true;
            case ENDED -> false;
            case -Errno.ECONNRESET -> throw new ProtocolViolation("half a message");
            case -Errno.ETIMEDOUT -> throw new ProtocolViolation("half a message, and no more of it");
            case -Errno.EMSGSIZE ->
                throw new ProtocolViolation("a message with more than %d file descriptors".formatted(maxDescriptors));
            default -> throw new LinuxException("receive a message", -outcome);
        };
    }

    private int millisLeft() {
        return (int) Math.max(0, limitMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
    }

    /**
     * Sends what is here now.
     *
     * @param length bytes of the payload
     * @param timeoutMillis how long the other side may take nothing, 0 or more: who does not read is waited for by
     *     nobody for ever
     * @param fds descriptors to send along, which stay owned by the caller
     * @return 0; -ETIMEDOUT, -EPIPE if the other side is gone, or another -errno: the connection is of no more use, but
     *     after -ETIMEDOUT of a limit of 0 nothing was sent
     */
    public int send(int length, int timeoutMillis, int... fds) {
        int sent = connection.send(bytes, 0, headerSize + length, fds, fds.length, timeoutMillis);
        return Math.min(sent, 0);
    }

    /** What came with the message and was not taken. */
    public DescriptorQueue descriptors() {
        return descriptors;
    }

    /** Takes the oldest descriptor; there is one. */
    public Descriptor takeDescriptor() {
        return Descriptor.received(descriptors.take());
    }

    /** A field of the header. */
    public int headerShort(int offset) {
        return Short.toUnsignedInt(bytes.get(JAVA_SHORT_UNALIGNED, offset));
    }

    /** A field of the header. */
    public int headerInt(int offset) {
        return bytes.get(JAVA_INT_UNALIGNED, offset);
    }

    /** Sets a field of the header. */
    public void headerInt(int offset, int value) {
        bytes.set(JAVA_INT_UNALIGNED, offset, value);
    }

    /** 16 bits at an offset of the payload, unsigned. */
    public int getShort(int offset) {
        return Short.toUnsignedInt(bytes.get(JAVA_SHORT_UNALIGNED, headerSize + offset));
    }

    /** Sets 16 bits at an offset of the payload. */
    public void setShort(int offset, int value) {
        bytes.set(JAVA_SHORT_UNALIGNED, headerSize + offset, (short) value);
    }

    /** 32 bits at an offset of the payload. */
    public int getInt(int offset) {
        return bytes.get(JAVA_INT_UNALIGNED, headerSize + offset);
    }

    /** Sets 32 bits at an offset of the payload. */
    public void setInt(int offset, int value) {
        bytes.set(JAVA_INT_UNALIGNED, headerSize + offset, value);
    }

    /** 64 bits at an offset of the payload. */
    public long getLong(int offset) {
        return bytes.get(JAVA_LONG_UNALIGNED, headerSize + offset);
    }

    /** Sets 64 bits at an offset of the payload. */
    public void setLong(int offset, long value) {
        bytes.set(JAVA_LONG_UNALIGNED, headerSize + offset, value);
    }

    /** A part of the payload, whatever its length is. */
    public MemorySegment payload(int offset, int length) {
        return bytes.asSlice(headerSize + offset, length);
    }

    /**
     * Closes the connection, and the descriptors that nobody took. A thread that waits in it is not woken: shut the
     * connection down first.
     */
    @Override
    public void close() {
        descriptors.close();
        connection.close();
    }
}

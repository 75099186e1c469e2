package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One vhost-user message, of either direction. Host byte order.
 *
 * <pre>
 *   0          4          8          12
 *   +----------+----------+----------+-----------
 *   | request  | flags    | size     | payload ...
 *   +----------+----------+----------+-----------
 * </pre>
 *
 * <p>Of the flags, bits 0 and 1 are the version, bit 2 marks a reply, and bit 3 asks for one. Offsets in these methods count from the
 * start of the payload. Owns the descriptors that came with the message, until they are taken. For one thread.
 */
final class Message implements AutoCloseable {
    /** Bytes of configuration space in one message at most. */
    static final int CONFIG_MAX_SIZE = 256;

    private static final int HEADER_SIZE = 12;
    private static final int MAX_SIZE = 4096;
    private static final int MAX_DESCRIPTORS = 8;

    private static final int FLAGS = 4;
    private static final int SIZE = 8;
    private static final int VERSION_MASK = 0x3;
    private static final int VERSION = 0x1;
    private static final int REPLY = 0x4;
    private static final int NEED_REPLY = 0x8;
    private static final int[] NO_DESCRIPTORS = {};

    private final MemorySegment bytes;
    private final DescriptorQueue descriptors = new DescriptorQueue(MAX_DESCRIPTORS);

    /** @param arena owner of the memory that messages are kept in */
    Message(Arena arena) {
        bytes = arena.allocate(HEADER_SIZE + MAX_SIZE, Long.BYTES);
    }

    /**
     * Receives a request in the place of what was here. Descriptors of the message before are closed.
     *
     * @return false if the other side ended the connection
     * @throws ProtocolViolation if what came is no request
     * @throws LinuxException if the connection failed
     */
    boolean receive(Connection connection) throws ProtocolViolation, LinuxException {
        descriptors.close();
        if (!receive(connection, 0, HEADER_SIZE)) {
            return false;
        }
        int flags = flags();
        int size = size();
        if ((flags & VERSION_MASK) != VERSION || (flags & REPLY) != 0) {
            throw new ProtocolViolation("a message with the flags 0x%x: not a request of version 1".formatted(flags));
        }
        if (size < 0 || size > MAX_SIZE) {
            throw new ProtocolViolation(
                    "a message of " + Integer.toUnsignedString(size) + " bytes: no request is so long");
        }
        if (size > 0 && !receive(connection, HEADER_SIZE, size)) {
            throw new ProtocolViolation("the connection ended inside a message");
        }
        return true;
    }

    /** Receives exactly so many bytes; false if there are none any more. */
    private boolean receive(Connection connection, int offset, int length) throws ProtocolViolation, LinuxException {
        int done = 0;
        while (done < length) {
            int count = connection.receive(bytes, offset + done, length - done, descriptors);
            if (count == -Errno.EMSGSIZE) {
                throw new ProtocolViolation("a message with more than " + MAX_DESCRIPTORS + " file descriptors");
            }
            if (count == 0 || count == -Errno.ECONNRESET) {
                if (done > 0) {
                    throw new ProtocolViolation("the connection ended inside a message");
                }
                return false;
            }
            done += LinuxException.check(count, "receive a vhost-user message");
        }
        return true;
    }

    int request() {
        return bytes.get(JAVA_INT, 0);
    }

    private int flags() {
        return bytes.get(JAVA_INT, FLAGS);
    }

    /** The length of the payload in bytes. */
    int size() {
        return bytes.get(JAVA_INT, SIZE);
    }

    boolean needsReply() {
        return (flags() & NEED_REPLY) != 0;
    }

    /** What came with the message and was not taken. */
    DescriptorQueue descriptors() {
        return descriptors;
    }

    /** Takes the oldest descriptor; there is one. */
    Descriptor takeDescriptor() {
        return Descriptor.received(descriptors.take());
    }

    int getInt(int offset) {
        return bytes.get(JAVA_INT, HEADER_SIZE + offset);
    }

    long getLong(int offset) {
        return bytes.get(JAVA_LONG_UNALIGNED, HEADER_SIZE + offset);
    }

    void setInt(int offset, int value) {
        bytes.set(JAVA_INT, HEADER_SIZE + offset, value);
    }

    void setLong(int offset, long value) {
        bytes.set(JAVA_LONG_UNALIGNED, HEADER_SIZE + offset, value);
    }

    /** Part of the payload. */
    MemorySegment payload(int offset, int length) {
        return bytes.asSlice(HEADER_SIZE + offset, length);
    }

    /**
     * Answers this request with what its payload is now.
     *
     * @param size the length of the payload in bytes
     * @throws LinuxException if the connection failed
     */
    void reply(Connection connection, int size) throws LinuxException {
        bytes.set(JAVA_INT, FLAGS, VERSION | REPLY);
        bytes.set(JAVA_INT, SIZE, size);
        LinuxException.check(
                connection.send(bytes, 0, HEADER_SIZE + size, NO_DESCRIPTORS, 0), "answer a vhost-user message");
    }

    /** Answers this request with one number. */
    void reply(Connection connection, long value) throws LinuxException {
        setLong(0, value);
        reply(connection, Long.BYTES);
    }

    /** Closes the descriptors that nobody took. */
    @Override
    public void close() {
        descriptors.close();
    }
}

package dev.oriel.vhostuser;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Errno;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.VhostUserChannel;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * The main channel as a front-end uses it: sends requests and waits for their replies, each for a limited time. Offsets
 * in these methods count from the start of the payload. For one thread at a time. After an exception the channel is of
 * no more use.
 */
final class FrontendChannel implements AutoCloseable {
    private final VhostUserChannel channel;
    private final String name;
    private final int timeLimitMillis;
    private boolean acknowledged;

    /**
     * @param connection owned by this object from now on
     * @param name of the back-end, for messages to people
     * @param timeLimit how long the back-end may take for a request, and then for its reply
     */
    FrontendChannel(Connection connection, String name, Duration timeLimit) {
        channel = new VhostUserChannel(connection);
        this.name = name;
        timeLimitMillis = Math.clamp(timeLimit.toMillis(), 1, Integer.MAX_VALUE);
    }

    Connection connection() {
        return channel.connection();
    }

    /** From now on every request without a reply of its own asks for an acknowledgement (REPLY_ACK). */
    void acknowledgeAll() {
        acknowledged = true;
    }

    void setInt(int offset, int value) {
        channel.setInt(offset, value);
    }

    void setLong(int offset, long value) {
        channel.setLong(offset, value);
    }

    int getInt(int offset) {
        return channel.getInt(offset);
    }

    long getLong(int offset) {
        return channel.getLong(offset);
    }

    MemorySegment payload(int offset, int length) {
        return channel.payload(offset, length);
    }

    /** Sends a request that has no reply but, where that was negotiated, an acknowledgement, which is waited for. */
    void tell(FrontendRequest request, int size, int... fds) throws BackendException {
        send(request, acknowledged, size, fds);
        if (acknowledged) {
            receive(request, Long.BYTES, Long.BYTES);
            long answer = getLong(0);
            if (answer != 0) {
                throw new BackendException(name + " refused " + request + " (it answered " + answer + ")");
            }
        }
    }

    /**
     * Sends a request and waits for its reply: the length of the payload of the reply, which is in the place of the
     * request's.
     */
    int ask(FrontendRequest request, int size, int minReply, int maxReply) throws BackendException {
        send(request, false, size);
        return receive(request, minReply, maxReply);
    }

    /** Asks for one number. */
    long askLong(FrontendRequest request) throws BackendException {
        ask(request, 0, Long.BYTES, Long.BYTES);
        return getLong(0);
    }

    private void send(FrontendRequest request, boolean needReply, int size, int... fds) throws BackendException {
        int sent = channel.send(request.number(), needReply, size, timeLimitMillis, fds);
        if (sent == -Errno.ETIMEDOUT) {
            throw new BackendException(
                    name + " did not take " + request + " within " + timeLimitMillis + " ms; is it hung?");
        }
        if (sent < 0) {
            throw new BackendException(name + " is gone: sending " + request + " failed: " + Errno.message(-sent));
        }
    }

    private int receive(FrontendRequest request, int minReply, int maxReply) throws BackendException {
        int size = channel.receiveReply(request.number(), timeLimitMillis);
        switch (size) {
            case -Errno.EBADMSG ->
                throw new BackendException(
                        "%s answered %s with message %d and flags 0x%x, of %s bytes: that is no reply to it"
                                .formatted(
                                        name,
                                        request,
                                        channel.request(),
                                        channel.flags(),
                                        Integer.toUnsignedString(channel.size())));
            case -Errno.ETIMEDOUT ->
                throw new BackendException(
                        name + " did not answer " + request + " within " + timeLimitMillis + " ms; is it hung?");
            case -Errno.ECONNRESET ->
                throw new BackendException(
                        name + " ended the connection at " + request + "; its own messages may say why");
            default -> {}
        }
        if (size < 0) {
            throw new BackendException(name + " ended the connection at " + request + ": " + Errno.message(-size));
        }
        if (size < minReply || size > maxReply) {
            throw new BackendException("%s answered %s with %d bytes; the protocol says %d%s"
                    .formatted(name, request, size, minReply, minReply == maxReply ? "" : " to " + maxReply));
        }
        return size;
    }

    @Override
    public void close() {
        channel.connection().shutdown();
        channel.close();
    }
}

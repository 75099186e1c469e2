package dev.oriel.app.tour;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.serve.ShareOptions;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * What can be shown of a server without a guest: a front-end's first questions, asked over its socket (the vhost-user protocol,
 * "Message Specification": request, flags, size, 4 bytes each in host byte order, then the payload).
 */
public final class FrontEndProbe implements AutoCloseable {
    private static final int GET_FEATURES = 1;
    private static final int SET_FEATURES = 2;
    private static final int GET_PROTOCOL_FEATURES = 15;
    private static final int SET_PROTOCOL_FEATURES = 16;
    private static final int GET_QUEUE_NUM = 17;
    private static final int GET_CONFIG = 24;

    private static final int HEADER_SIZE = 12;
    private static final int CONFIG_HEADER_SIZE = 12;
    private static final int VERSION = 1;
    private static final int REPLY = 4;

    private static final long F_VERSION_1 = 1L << 32;
    private static final long F_PROTOCOL_FEATURES = 1L << 30;
    private static final long PROTOCOL_F_MQ = 1;
    private static final long PROTOCOL_F_CONFIG = 1L << 9;

    /** {@code struct virtio_fs_config}: the tag, then the number of request queues, little endian (virtio 1.4, 5.11.4). */
    private static final int CONFIG_SIZE = 40;

    private final SocketChannel socket;

    private FrontEndProbe(SocketChannel socket) {
        this.socket = socket;
    }

    /**
     * What a server said of itself.
     *
     * @param features its virtio feature bits
     * @param queues how many queues it can run
     */
    public record Answers(long features, long protocolFeatures, long queues, String tag, int requestQueues) {}

    public static FrontEndProbe connect(Path socket) throws IOException {
        return new FrontEndProbe(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    }

    /**
     * Asks a front-end's first questions.
     *
     * @throws IOException if the server does not answer, or answers what the protocol does not allow
     */
    public Answers ask() throws IOException {
        long features = number(GET_FEATURES);
        if ((features & F_VERSION_1) == 0 || (features & F_PROTOCOL_FEATURES) == 0) {
            throw new IOException("the server offers features " + Long.toHexString(features)
                    + " without VERSION_1 and PROTOCOL_FEATURES");
        }
        long protocol = number(GET_PROTOCOL_FEATURES);
        tell(SET_PROTOCOL_FEATURES, protocol & (PROTOCOL_F_MQ | PROTOCOL_F_CONFIG));
        tell(SET_FEATURES, features & (F_VERSION_1 | F_PROTOCOL_FEATURES));
        long queues = number(GET_QUEUE_NUM);
        ByteBuffer config =
                exchange(GET_CONFIG, buffer(CONFIG_HEADER_SIZE + CONFIG_SIZE).putInt(4, CONFIG_SIZE));
        byte[] tag = new byte[ShareOptions.MOST_TAG_BYTES];
        config.get(CONFIG_HEADER_SIZE, tag);
        int requestQueues =
                config.order(ByteOrder.LITTLE_ENDIAN).getInt(CONFIG_HEADER_SIZE + ShareOptions.MOST_TAG_BYTES);
        return new Answers(features, protocol, queues, new String(tag, UTF_8).replace("\0", ""), requestQueues);
    }

    /** The protocol features that the server offers. */
    public long protocolFeatures() throws IOException {
        number(GET_FEATURES);
        return number(GET_PROTOCOL_FEATURES);
    }

    private long number(int request) throws IOException {
        return exchange(request, buffer(0)).getLong(0);
    }

    private void tell(int request, long value) throws IOException {
        send(request, buffer(Long.BYTES).putLong(0, value));
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    private ByteBuffer exchange(int request, ByteBuffer payload) throws IOException {
        send(request, payload);
        ByteBuffer header = receive(HEADER_SIZE);
        int size = header.getInt(8);
        if (header.getInt(0) != request || (header.getInt(4) & REPLY) == 0 || size < Long.BYTES || size > 4096) {
            throw new IOException("the server's answer to request " + request + " is none: request " + header.getInt(0)
                    + ", flags " + header.getInt(4) + ", " + size + " bytes");
        }
        return receive(size);
    }

    private void send(int request, ByteBuffer payload) throws IOException {
        ByteBuffer message = buffer(HEADER_SIZE + payload.capacity());
        message.putInt(request).putInt(VERSION).putInt(payload.capacity());
        message.put(payload.clear()).flip();
        while (message.hasRemaining()) {
            socket.write(message);
        }
    }

    private ByteBuffer receive(int size) throws IOException {
        ByteBuffer buffer = buffer(size);
        while (buffer.hasRemaining()) {
            if (socket.read(buffer) < 0) {
                throw new EOFException("the server closed the connection instead of answering");
            }
        }
        return buffer.flip();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

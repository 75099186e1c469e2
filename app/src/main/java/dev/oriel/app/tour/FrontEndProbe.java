package dev.oriel.app.tour;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.serve.ShareOptions;
import dev.oriel.linux.Errno;
import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import dev.oriel.vhostuser.wire.VhostUserChannel;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** What can be shown of a server without a guest: a front-end's first questions, asked over its socket. */
public final class FrontEndProbe implements AutoCloseable {
    /**
     * {@code struct virtio_fs_config}: the tag, then the number of request queues, little endian (virtio 1.4, 5.11.4).
     */
    private static final int CONFIG_SIZE = 40;

    private static final int PATIENCE_MILLIS = 10_000;

    private final VhostUserChannel channel;

    private FrontEndProbe(VhostUserChannel channel) {
        this.channel = channel;
    }

    /**
     * What a server said of itself.
     *
     * @param features its virtio feature bits
     * @param queues how many queues it can run
     */
    public record Answers(long features, long protocolFeatures, long queues, String tag, int requestQueues) {}

    public static FrontEndProbe connect(Path socket) throws IOException {
        return new FrontEndProbe(new VhostUserChannel(UnixSocket.connect(socket)));
    }

    /**
     * Asks a front-end's first questions.
     *
     * @throws IOException if the server does not answer, or answers what the protocol does not allow
     */
    public Answers ask() throws IOException {
        long features = number(FrontendRequest.GET_FEATURES);
        if ((features & RingFeatures.VERSION_1) == 0 || (features & ProtocolFeatures.FEATURE) == 0) {
            throw new IOException("the server offers features " + Long.toHexString(features)
                    + " without VERSION_1 and PROTOCOL_FEATURES");
        }
        long protocol = number(FrontendRequest.GET_PROTOCOL_FEATURES);
        tell(FrontendRequest.SET_PROTOCOL_FEATURES, protocol & (ProtocolFeatures.MQ | ProtocolFeatures.CONFIG));
        tell(FrontendRequest.SET_FEATURES, features & (RingFeatures.VERSION_1 | ProtocolFeatures.FEATURE));
        long queues = number(FrontendRequest.GET_QUEUE_NUM);
        MemorySegment config = config();
        byte[] tag = config.asSlice(0, ShareOptions.MOST_TAG_BYTES).toArray(JAVA_BYTE);
        int requestQueues =
                config.get(JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), ShareOptions.MOST_TAG_BYTES);
        return new Answers(features, protocol, queues, new String(tag, UTF_8).replace("\0", ""), requestQueues);
    }

    /** The protocol features that the server offers. */
    public long protocolFeatures() throws IOException {
        number(FrontendRequest.GET_FEATURES);
        return number(FrontendRequest.GET_PROTOCOL_FEATURES);
    }

    private MemorySegment config() throws IOException {
        int size = PayloadLayout.CONFIG_BYTES + CONFIG_SIZE;
        channel.payload(0, size).fill((byte) 0);
        channel.setInt(PayloadLayout.CONFIG_SIZE, CONFIG_SIZE);
        exchange(FrontendRequest.GET_CONFIG, size, size);
        return channel.payload(PayloadLayout.CONFIG_BYTES, CONFIG_SIZE);
    }

    private long number(FrontendRequest request) throws IOException {
        exchange(request, 0, Long.BYTES);
        return channel.getLong(0);
    }

    private void tell(FrontendRequest request, long value) throws IOException {
        channel.setLong(0, value);
        send(request, Long.BYTES);
    }

    private void exchange(FrontendRequest request, int size, int replySize) throws IOException {
        send(request, size);
        int answered = channel.receiveReply(request.number(), PATIENCE_MILLIS);
        if (answered != replySize) {
            throw new IOException("the server's answer to " + request + " is none: "
                    + (answered < 0 ? Errno.message(-answered) : answered + " bytes"));
        }
    }

    private void send(FrontendRequest request, int size) throws IOException {
        int sent = channel.send(request.number(), false, size, PATIENCE_MILLIS);
        if (sent < 0) {
            throw new IOException("the server does not take " + request + ": " + Errno.message(-sent));
        }
    }

    @Override
    public void close() {
        channel.close();
    }
}

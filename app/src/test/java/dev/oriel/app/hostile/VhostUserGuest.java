package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Over vhost-user. Frames its messages by hand. */
final class VhostUserGuest extends RawGuest {
    private static final int HEADER = 12;
    private static final int VERSION = 1;
    private static final int REPLY = 4;
    private static final int NEED_REPLY = 8;

    /** Far more than a server takes to ask for a mapping. */
    private static final int ASKED_MILLIS = 20_000;

    /** A server that reads anything reads within this time. */
    private static final int READS_MILLIS = 200;

    private static final ValueLayout.OfLong WORD = JAVA_LONG.withByteAlignment(4);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(HEADER + 4096, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(8);

    /** On which the device asks for mappings. */
    private @Nullable Connection backend;

    private int windowFile;
    private long windowLength;

    VhostUserGuest(Path socket, boolean packed) throws LinuxException {
        super(UnixSocket.connect(socket), packed);
    }

    private static long pair(int first, int second) {
        return Integer.toUnsignedLong(first) | (long) second << Integer.SIZE;
    }

    private int put(int request, int flags, long... words) {
        buffer.set(JAVA_INT, 0, request);
        buffer.set(JAVA_INT, 4, VERSION | flags);
        buffer.set(JAVA_INT, 8, words.length * Long.BYTES);
        for (int i = 0; i < words.length; i++) {
            buffer.set(WORD, HEADER + 8L * i, words[i]);
        }
        return HEADER + words.length * Long.BYTES;
    }

    private void send(FrontendRequest request, int flags, long[] words, int... fds) throws LinuxException {
        int length = put(request.number(), flags, words);
        LinuxException.check(connection.send(buffer, 0, length, fds, fds.length), "send a message");
    }

    private void receive(Connection from, int length) throws IOException {
        for (int done = 0; done < length; ) {
            int count = LinuxException.check(
                    from.receive(buffer, done, length - done, descriptors, ASKED_MILLIS), "receive a message");
            if (count == 0) {
                throw new IOException("the server has ended the connection");
            }
            done += count;
        }
    }

    private long answer() throws IOException {
        receive(connection, HEADER + Long.BYTES);
        return buffer.get(WORD, HEADER);
    }

    private long ask(FrontendRequest request) throws IOException {
        send(request, 0, new long[0]);
        return answer();
    }

    private void setUp(FrontendRequest request, long[] words, int... fds) throws IOException {
        send(request, NEED_REPLY, words, fds);
        if (answer() != 0) {
            throw new IOException("request " + request + " was refused");
        }
    }

    private void negotiate() throws IOException {
        long offered = ask(FrontendRequest.GET_FEATURES);
        ask(FrontendRequest.GET_PROTOCOL_FEATURES);
        long window = ProtocolFeatures.SHMEM | ProtocolFeatures.BACKEND_REQ | ProtocolFeatures.BACKEND_SEND_FD;
        send(FrontendRequest.SET_PROTOCOL_FEATURES, 0, new long[] {ProtocolFeatures.REPLY_ACK | (windowed ? window : 0)
        });
        setUp(FrontendRequest.SET_OWNER, new long[0]);
        setUp(FrontendRequest.SET_FEATURES, new long[] {offered & (features | ProtocolFeatures.FEATURE)});
        if (windowed) {
            UnixSocket.Pair pair = UnixSocket.pair();
            backend = pair.first();
            try (Connection other = pair.second()) {
                setUp(FrontendRequest.SET_BACKEND_REQ_FD, new long[0], other.number());
            }
        }
    }

    @Override
    boolean passMemory(int fd, long guestAddress, long size) throws IOException {
        negotiate();
        try {
            setUp(FrontendRequest.SET_MEM_TABLE, new long[] {pair(1, 0), guestAddress, size, guestAddress, 0}, fd);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    @Override
    void start() throws IOException {
        negotiate();
        setUp(
                FrontendRequest.SET_MEM_TABLE,
                new long[] {pair(1, 0), SharedMemory.GUEST_ADDRESS, memory.size(), SharedMemory.USER_ADDRESS, 0},
                memory.fd());
        for (int i = 0; i < queues.size(); i++) {
            ScriptedQueue driver = queues.get(i);
            ScriptedRing.Areas areas = driver.ring().areas();
            setUp(
                    FrontendRequest.SET_VRING_CALL,
                    new long[] {i},
                    driver.callEvent().number());
            startQueue(
                    i,
                    SharedMemory.userAddress(areas.descriptors()),
                    SharedMemory.userAddress(areas.driver()),
                    SharedMemory.userAddress(areas.device()));
        }
    }

    private void startQueue(int queue, long descriptors, long driver, long device) throws IOException {
        ScriptedQueue own = queues.get(queue);
        setUp(FrontendRequest.SET_VRING_NUM, new long[] {pair(queue, own.ring().size())});
        setUp(FrontendRequest.SET_VRING_BASE, new long[] {pair(queue, own.ring().initialBase())});
        setUp(FrontendRequest.SET_VRING_ADDR, new long[] {pair(queue, 0), descriptors, device, driver, 0});
        setUp(
                FrontendRequest.SET_VRING_KICK,
                new long[] {queue},
                own.kickEvent().number());
        setUp(FrontendRequest.SET_VRING_ENABLE, new long[] {pair(queue, 1)});
    }

    @Override
    void kick(int queue) {
        queues.get(queue).kick();
    }

    @Override
    Window openWindow() throws IOException {
        Connection asked = requireNonNull(backend);
        receive(asked, HEADER + PayloadLayout.MAPPING_SIZE);
        windowLength = buffer.get(WORD, HEADER + PayloadLayout.MAPPING_LENGTH);
        windowFile = descriptors.take();
        Window window = Window.of(windowFile, windowLength);
        int length = put(buffer.get(JAVA_INT, 0), REPLY, 0);
        LinuxException.check(asked.send(buffer, 0, length, new int[0], 0), "answer a message");
        return window;
    }

    @Override
    void passWindow() throws IOException {
        setUp(FrontendRequest.ADD_MEM_REG, new long[] {0, WINDOW_ADDRESS, windowLength, WINDOW_ADDRESS, 0}, windowFile);
    }

    @Override
    boolean placeRing(int queue, long guestAddress) throws IOException {
        send(FrontendRequest.GET_VRING_BASE, 0, new long[] {pair(queue, 0)});
        long _ = answer();
        try {
            startQueue(queue, guestAddress, guestAddress + RING_PART, guestAddress + 2 * RING_PART);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    @Override
    void askAndReadNothing() {
        int length = put(FrontendRequest.GET_FEATURES.number(), 0);
        int sent;
        do {
            sent = connection.send(buffer, 0, length, new int[0], 0, READS_MILLIS);
        } while (sent >= 0);
    }

    @Override
    public void close() {
        super.close();
        if (backend != null) {
            backend.close();
        }
        descriptors.close();
        arena.close();
    }
}

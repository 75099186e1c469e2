package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Over vhost-user. Frames its messages by hand. */
final class VhostUserGuest extends RawGuest {
    private static final int HEADER = 12;
    private static final int VERSION = 1;
    private static final int NEED_REPLY = 8;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(HEADER + 4096, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(8);

    VhostUserGuest(Path socket) throws LinuxException {
        super(UnixSocket.connect(socket));
    }

    private static long pair(int first, int second) {
        return Integer.toUnsignedLong(first) | (long) second << Integer.SIZE;
    }

    void send(FrontendRequest request, int flags, long[] words, int... fds) throws LinuxException {
        buffer.set(JAVA_INT, 0, request.number());
        buffer.set(JAVA_INT, 4, VERSION | flags);
        buffer.set(JAVA_INT, 8, words.length * Long.BYTES);
        for (int i = 0; i < words.length; i++) {
            buffer.set(JAVA_LONG.withByteAlignment(4), HEADER + 8L * i, words[i]);
        }
        LinuxException.check(
                connection.send(buffer, 0, HEADER + words.length * Long.BYTES, fds, fds.length), "send a message");
    }

    private long answer() throws IOException {
        for (int done = 0; done < HEADER + Long.BYTES; ) {
            int count = LinuxException.check(
                    connection.receive(buffer, done, HEADER + Long.BYTES - done, descriptors), "receive a reply");
            if (count == 0) {
                throw new IOException("the server has ended the connection");
            }
            done += count;
        }
        return buffer.get(JAVA_LONG.withByteAlignment(4), HEADER);
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
        send(FrontendRequest.SET_PROTOCOL_FEATURES, 0, new long[] {ProtocolFeatures.REPLY_ACK});
        setUp(FrontendRequest.SET_OWNER, new long[0]);
        setUp(FrontendRequest.SET_FEATURES, new long[] {offered & (FEATURES | ProtocolFeatures.FEATURE)});
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
                    FrontendRequest.SET_VRING_NUM,
                    new long[] {pair(i, driver.ring().size())});
            setUp(
                    FrontendRequest.SET_VRING_BASE,
                    new long[] {pair(i, driver.ring().initialBase())});
            setUp(FrontendRequest.SET_VRING_ADDR, new long[] {
                pair(i, 0),
                SharedMemory.userAddress(areas.descriptors()),
                SharedMemory.userAddress(areas.device()),
                SharedMemory.userAddress(areas.driver()),
                0
            });
            setUp(
                    FrontendRequest.SET_VRING_CALL,
                    new long[] {i},
                    driver.callEvent().number());
            setUp(
                    FrontendRequest.SET_VRING_KICK,
                    new long[] {i},
                    driver.kickEvent().number());
            setUp(FrontendRequest.SET_VRING_ENABLE, new long[] {pair(i, 1)});
        }
    }

    @Override
    void kick(int queue) {
        queues.get(queue).kick();
    }

    @Override
    public void close() {
        super.close();
        descriptors.close();
        arena.close();
    }
}

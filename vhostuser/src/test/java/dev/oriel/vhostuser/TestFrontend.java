package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A front-end for tests: sends what it is told, right or wrong, byte by byte. */
final class TestFrontend implements AutoCloseable {
    static final int NEED_REPLY = 8;
    static final int VERSION = 1;
    static final long PROTOCOL = ProtocolFeatures.FEATURE;

    private final Connection connection;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(12 + 4096, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(8);

    TestFrontend(Path socket) throws LinuxException {
        this(UnixSocket.connect(socket));
    }

    TestFrontend(Connection connection) {
        this.connection = connection;
    }

    /** Sends bytes as they are. */
    void raw(byte[] bytes, int... fds) throws LinuxException {
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer, 0, bytes.length);
        LinuxException.check(connection.send(buffer, 0, bytes.length, fds, fds.length), "send");
    }

    /** Sends a message with any header. */
    void message(int request, int flags, int size, MemorySegment payload, int... fds) throws LinuxException {
        buffer.set(JAVA_INT, 0, request);
        buffer.set(JAVA_INT, 4, flags);
        buffer.set(JAVA_INT, 8, size);
        MemorySegment.copy(payload, 0, buffer, 12, payload.byteSize());
        int length = 12 + (int) payload.byteSize();
        int sent = connection.send(buffer, 0, length, fds, fds.length, ScriptedQueue.PATIENCE_MILLIS);
        LinuxException.check(sent, "send");
    }

    /** Sends a request whose payload is made of these 64-bit words. */
    void send(FrontendRequest request, int flags, long[] words, int... fds) throws LinuxException {
        message(request.number(), VERSION | flags, words.length * 8, MemorySegment.ofArray(words), fds);
    }

    /** Sends a request and answers the number that comes back, as for GET_ requests. */
    long ask(FrontendRequest request, long... words) throws LinuxException {
        send(request, 0, words);
        return reply(request);
    }

    /** Sends a request that wants to be acknowledged; answers the acknowledgement: 0 if it was done. */
    long acknowledged(FrontendRequest request, long[] words, int... fds) throws LinuxException {
        send(request, NEED_REPLY, words, fds);
        return reply(request);
    }

    /** Receives a reply of one word. */
    long reply(FrontendRequest request) throws LinuxException {
        MemorySegment reply = receive(request.number());
        if (reply.byteSize() != 8) {
            throw new AssertionError("a reply of " + reply.byteSize() + " bytes");
        }
        return reply.get(JAVA_LONG_UNALIGNED, 0);
    }

    /** Receives a reply; answers its payload, valid until something else is sent or received. */
    MemorySegment receive(int request) throws LinuxException {
        receive(0, 12);
        int size = buffer.get(JAVA_INT, 8);
        if (buffer.get(JAVA_INT, 0) != request || buffer.get(JAVA_INT, 4) != 5) {
            throw new AssertionError("the reply to another request than " + request + ": " + buffer.get(JAVA_INT, 0));
        }
        if (size > 0) {
            receive(12, size);
        }
        return buffer.asSlice(12, size);
    }

    private void receive(int offset, int length) throws LinuxException {
        int done = 0;
        while (done < length) {
            int count = LinuxException.check(
                    connection.receive(buffer, offset + done, length - done, descriptors), "receive");
            if (count == 0) {
                throw new LinuxException("receive", dev.oriel.linux.Errno.ECONNRESET);
            }
            done += count;
        }
    }

    /** Whether the back-end ended the connection. Waits until it says something or does so. */
    boolean ended() {
        int count = connection.receive(buffer, 0, 1, descriptors);
        return count == 0 || count == -dev.oriel.linux.Errno.ECONNRESET;
    }

    /** Ends the sending direction too: what the kernel does when a VMM dies. */
    void shutdown() {
        connection.shutdown();
    }

    /** Two 32-bit numbers as one word of a payload. */
    static long pair(int first, int second) {
        return java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN
                ? Integer.toUnsignedLong(first) | (long) second << 32
                : (long) first << 32 | Integer.toUnsignedLong(second);
    }

    /** Negotiates as QEMU does. */
    void negotiate(long ringFeatures) throws LinuxException {
        long offered = ask(FrontendRequest.GET_FEATURES);
        long protocol = ask(FrontendRequest.GET_PROTOCOL_FEATURES);
        send(FrontendRequest.SET_PROTOCOL_FEATURES, 0, new long[] {protocol});
        ask(FrontendRequest.GET_QUEUE_NUM);
        send(FrontendRequest.SET_OWNER, 0, new long[0]);
        send(FrontendRequest.SET_FEATURES, 0, new long[] {offered & (ringFeatures | PROTOCOL)});
    }

    /** SET_MEM_TABLE with all of a memory as one region. */
    void setMemory(SharedMemory memory) throws LinuxException {
        send(
                FrontendRequest.SET_MEM_TABLE,
                0,
                new long[] {
                    pair(1, 0), SharedMemory.GUEST_ADDRESS, memory.size(), SharedMemory.USER_ADDRESS, 0,
                },
                memory.fd());
    }

    /** Sets up, starts and enables a queue. */
    void start(int index, ScriptedQueue driver) throws LinuxException {
        start(index, driver, driver.ring().initialBase());
    }

    void start(int index, ScriptedQueue driver, int base) throws LinuxException {
        configure(index, driver, base);
        send(
                FrontendRequest.SET_VRING_CALL,
                0,
                new long[] {index},
                driver.callEvent().number());
        send(
                FrontendRequest.SET_VRING_KICK,
                0,
                new long[] {index},
                driver.kickEvent().number());
        send(FrontendRequest.SET_VRING_ENABLE, 0, new long[] {pair(index, 1)});
    }

    void configure(int index, ScriptedQueue driver, int base) throws LinuxException {
        ScriptedRing.Areas areas = driver.ring().areas();
        send(FrontendRequest.SET_VRING_NUM, 0, new long[] {
            pair(index, driver.ring().size())
        });
        send(FrontendRequest.SET_VRING_BASE, 0, new long[] {pair(index, base)});
        send(FrontendRequest.SET_VRING_ADDR, 0, new long[] {
            pair(index, 0),
            SharedMemory.userAddress(areas.descriptors()),
            SharedMemory.userAddress(areas.device()),
            SharedMemory.userAddress(areas.driver()),
            0
        });
    }

    /** Stops a queue; answers where its ring stands. */
    int stop(int index) throws LinuxException {
        send(FrontendRequest.SET_VRING_ENABLE, 0, new long[] {pair(index, 0)});
        send(FrontendRequest.GET_VRING_BASE, 0, new long[] {pair(index, 0)});
        MemorySegment state = receive(FrontendRequest.GET_VRING_BASE.number());
        if (state.byteSize() != 8 || state.get(JAVA_INT, 0) != index) {
            throw new AssertionError("GET_VRING_BASE answered for another queue");
        }
        return state.get(JAVA_INT, 4);
    }

    /** Waits until the back-end has served all requests before. */
    void settle() throws LinuxException {
        ask(FrontendRequest.GET_QUEUE_NUM);
    }

    @Override
    public void close() {
        descriptors.close();
        connection.close();
        arena.close();
    }
}

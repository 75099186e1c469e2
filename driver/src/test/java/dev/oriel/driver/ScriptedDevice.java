package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A vhost-user-fs device of a few lines with a DAX window, that does what a test tells it, also what no device may do:
 * one connection, split rings without indirect descriptors.
 */
class ScriptedDevice implements AutoCloseable {
    private static final long FEATURES = RingFeatures.VERSION_1 | ProtocolFeatures.FEATURE;
    private static final long PROTOCOL = ProtocolFeatures.MQ
            | ProtocolFeatures.REPLY_ACK
            | ProtocolFeatures.BACKEND_REQ
            | ProtocolFeatures.CONFIG
            | ProtocolFeatures.BACKEND_SEND_FD;

    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    private final long window;
    private final UnixSocket listener;
    private final Thread thread;
    private final MemorySegment message = Arena.ofShared().allocate(4096, 8);
    private final DescriptorQueue descriptors = new DescriptorQueue(8);
    private final Ring[] rings;
    private final List<Thread> threads = new ArrayList<>();
    private volatile @Nullable Connection connection;
    private volatile @Nullable Connection backend;
    private volatile boolean dead;
    private @Nullable MappedMemory memory;
    private long guestBase;
    private long userBase;

    private static final class Ring {
        int size;
        long descriptors;
        long available;
        long used;
        int kick = -1;
        int call = -1;
        int last;
    }

    /** What a device gets: the bytes it may read, in the byte order of the session. */
    record Request(int opcode, long unique, long nodeid, ByteBuffer arguments) {}

    /** What a request without a reply is answered with. */
    volatile int refusal = Errno.ENOSYS;

    /** @param window bytes of the window; 0 for none */
    ScriptedDevice(Path socket, long window) throws IOException {
        this(socket, window, 1);
    }

    /** @param requestQueues each with a thread */
    ScriptedDevice(Path socket, long window, int requestQueues) throws IOException {
        this.window = window;
        rings = new Ring[1 + requestQueues];
        Arrays.setAll(rings, _ -> new Ring());
        listener = UnixSocket.listen(socket, 1);
        thread = Thread.ofPlatform().daemon().start(this::serve);
    }

    /** Answers a message of the front-end in another way: true if there is nothing more to do. */
    boolean onMessage(FrontendRequest request) throws IOException {
        return false;
    }

    /** The body of a reply; an empty one for a mere header, null for the refusal. */
    byte @Nullable [] onRequest(Request request) throws IOException {
        return null;
    }

    /** What used.len of a reply of so many bytes is. */
    int usedLength(int length) {
        return length;
    }

    /** The id that is given back in place of this one. */
    int usedId(int id) {
        return id;
    }

    private void serve() {
        try (Connection accepted = listener.accept()) {
            connection = accepted;
            while (accepted != null && receive(accepted, message)) {
                handle(
                        Objects.requireNonNull(FrontendRequest.of(message.get(JAVA_INT_UNALIGNED, 0))),
                        message.get(JAVA_INT_UNALIGNED, 4));
            }
        } catch (IOException | RuntimeException over) {
            System.getLogger("scripted").log(System.Logger.Level.DEBUG, "the device ends", over);
        }
    }

    private boolean receive(Connection from, MemorySegment into) {
        int done = 0;
        int wanted = 12;
        while (done < wanted) {
            int count = from.receive(into, done, wanted - done, descriptors);
            if (count <= 0) {
                return false;
            }
            done += count;
            if (done == 12) {
                wanted = 12 + into.get(JAVA_INT_UNALIGNED, 8);
            }
        }
        return true;
    }

    private long getLong(int offset) {
        return message.get(JAVA_LONG_UNALIGNED, 12 + offset);
    }

    private int getInt(int offset) {
        return message.get(JAVA_INT_UNALIGNED, 12 + offset);
    }

    void replyLong(long value) {
        message.set(JAVA_LONG_UNALIGNED, 12, value);
        reply(8);
    }

    void reply(int size) {
        message.set(JAVA_INT_UNALIGNED, 4, 5);
        message.set(JAVA_INT_UNALIGNED, 8, size);
        sendRaw(12 + size);
    }

    /** Sends what is in the message as it is. */
    void sendRaw(int bytes) {
        Connection to = connection;
        if (to != null) {
            int _ = to.send(message, 0, bytes, new int[0], 0);
        }
    }

    MemorySegment message() {
        return message;
    }

    private void handle(FrontendRequest request, int flags) throws IOException {
        if (onMessage(request)) {
            return;
        }
        switch (request) {
            case GET_FEATURES -> replyLong(FEATURES);
            case GET_PROTOCOL_FEATURES -> replyLong(PROTOCOL | (window > 0 ? ProtocolFeatures.SHMEM : 0));
            case GET_QUEUE_NUM -> replyLong(rings.length);
            case GET_SHMEM_CONFIG -> {
                message.asSlice(12, 2056).fill((byte) 0);
                message.set(JAVA_INT_UNALIGNED, 12, 1);
                message.set(JAVA_LONG_UNALIGNED, 20, window);
                reply(2056);
            }
            case GET_CONFIG -> {
                message.asSlice(24, 40).fill((byte) 0);
                message.set(JAVA_BYTE, 24, (byte) 's');
                message.set(JAVA_INT_UNALIGNED, 24 + 36, rings.length - 1);
                reply(12 + 40);
            }
            case SET_MEM_TABLE -> {
                guestBase = getLong(8);
                userBase = getLong(24);
                int fd = descriptors.take();
                memory = MappedMemory.ofFile(fd, 0, getLong(16), MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
                FileCalls.close(fd);
                acknowledge(flags);
            }
            case SET_VRING_NUM -> {
                rings[getInt(0)].size = getInt(4);
                acknowledge(flags);
            }
            case SET_VRING_ADDR -> {
                Ring ring = rings[getInt(0)];
                ring.descriptors = getLong(8) - userBase;
                ring.used = getLong(16) - userBase;
                ring.available = getLong(24) - userBase;
                acknowledge(flags);
            }
            case SET_VRING_CALL -> {
                rings[getInt(0)].call = descriptors.take();
                acknowledge(flags);
            }
            case SET_VRING_KICK -> {
                Ring ring = rings[getInt(0)];
                ring.kick = descriptors.take();
                Thread started = Thread.ofPlatform().daemon().start(() -> run(ring));
                threads.add(started);
                acknowledge(flags);
            }
            case SET_BACKEND_REQ_FD -> {
                backend = Connection.fromDescriptor(descriptors.take());
                acknowledge(flags);
            }
            default -> acknowledge(flags);
        }
    }

    private void acknowledge(int flags) {
        if ((flags & 8) != 0) {
            replyLong(0);
        }
    }

    private void run(Ring ring) {
        try {
            while (EventDescriptor.await(ring.kick) > 0 && !dead) {
                process(ring);
            }
        } catch (IOException | RuntimeException over) {
            System.getLogger("scripted").log(System.Logger.Level.DEBUG, "a ring ends", over);
        }
    }

    private void process(Ring ring) throws IOException {
        MappedMemory mapped = Objects.requireNonNull(memory);
        MemorySegment bytes = mapped.segment();
        while (((short) SHORT.getAcquire(bytes, ring.available + 2) & 0xffff) != ring.last) {
            int head = bytes.get(JAVA_SHORT, ring.available + 4 + 2L * (ring.last % ring.size)) & 0xffff;
            ring.last = (ring.last + 1) & 0xffff;
            int length = answer(bytes, ring, head);
            long index = bytes.get(JAVA_SHORT, ring.used + 2) & 0xffff;
            long element = ring.used + 4 + 8 * (index % ring.size);
            bytes.set(JAVA_INT_UNALIGNED, element, usedId(head));
            bytes.set(JAVA_INT_UNALIGNED, element + 4, usedLength(length));
            SHORT.setRelease(bytes, ring.used + 2, (short) (index + 1));
            VarHandle.fullFence();
            EventDescriptor.signal(ring.call);
        }
    }

    private int answer(MemorySegment bytes, Ring ring, int head) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(2 << 20).order(ByteOrder.LITTLE_ENDIAN);
        List<MemorySegment> out = new ArrayList<>();
        int index = head;
        while (true) {
            long at = ring.descriptors + 16L * index;
            long address = bytes.get(JAVA_LONG_UNALIGNED, at) - guestBase;
            int length = bytes.get(JAVA_INT_UNALIGNED, at + 8);
            int flags = bytes.get(JAVA_SHORT, at + 12);
            if ((flags & 2) != 0) {
                out.add(bytes.asSlice(address, length));
            } else {
                in.put(bytes.asSlice(address, length).toArray(JAVA_BYTE));
            }
            if ((flags & 1) == 0) {
                break;
            }
            index = bytes.get(JAVA_SHORT, at + 14) & 0xffff;
        }
        in.flip();
        Request request = new Request(
                in.getInt(4),
                in.getLong(8),
                in.getLong(16),
                in.slice(40, in.limit() - 40).order(ByteOrder.LITTLE_ENDIAN));
        byte[] body = request.opcode == FuseOpcode.INIT ? init() : onRequest(request);
        if (out.isEmpty()) {
            return 0;
        }
        ByteBuffer reply =
                ByteBuffer.allocate(16 + (body == null ? 0 : body.length)).order(ByteOrder.LITTLE_ENDIAN);
        reply.putInt(reply.capacity()).putInt(body == null ? -refusal : 0).putLong(request.unique);
        if (body != null) {
            reply.put(body);
        }
        write(reply.array(), out);
        return reply.capacity();
    }

    private static void write(byte[] reply, List<MemorySegment> pieces) {
        int done = 0;
        for (MemorySegment piece : pieces) {
            int count = (int) Math.min(piece.byteSize(), reply.length - done);
            MemorySegment.copy(reply, done, piece, JAVA_BYTE, 0, count);
            done += count;
        }
    }

    private static byte[] init() {
        ByteBuffer body = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        body.putInt(7)
                .putInt(46)
                .putInt(0)
                .putInt((1 << 26) | (1 << 22))
                .putShort((short) 1)
                .putShort((short) 1);
        body.putInt(1 << 20).putInt(1).putShort((short) 256).putShort((short) 12);
        return body.array();
    }

    /**
     * Asks the front-end on the back-end channel.
     *
     * @return what it answers, -1 if it ended the channel
     */
    synchronized long ask(
            int request, int region, long fileOffset, long offset, long length, boolean writable, int... fds) {
        Connection channel = backend;
        if (channel == null) {
            return -1;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment asked = arena.allocate(64, 8);
            asked.set(JAVA_INT_UNALIGNED, 0, request);
            asked.set(JAVA_INT_UNALIGNED, 4, 9);
            asked.set(JAVA_INT_UNALIGNED, 8, 40);
            asked.set(JAVA_BYTE, 12, (byte) region);
            asked.set(JAVA_LONG_UNALIGNED, 20, fileOffset);
            asked.set(JAVA_LONG_UNALIGNED, 28, offset);
            asked.set(JAVA_LONG_UNALIGNED, 36, length);
            asked.set(JAVA_LONG_UNALIGNED, 44, writable ? 1 : 0);
            if (channel.send(asked, 0, 52, fds, fds.length) < 0) {
                return -1;
            }
            int done = 0;
            DescriptorQueue none = new DescriptorQueue(1);
            while (done < 20) {
                int count = channel.receive(asked, done, 20 - done, none);
                if (count <= 0) {
                    return -1;
                }
                done += count;
            }
            return asked.get(JAVA_LONG_UNALIGNED, 12);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends at once, as a process that is killed; does nothing the second time. */
    void die() {
        if (dead) {
            return;
        }
        dead = true;
        listener.shutdown();
        Connection main = connection;
        if (main != null) {
            main.shutdown();
        }
        join(thread);
        listener.close();
        Connection channel = backend;
        if (channel != null) {
            channel.shutdown();
            channel.close();
        }
        descriptors.close();
        for (Ring ring : rings) {
            if (ring.kick >= 0) {
                EventDescriptor.signal(ring.kick);
            }
        }
        threads.forEach(ScriptedDevice::join);
        for (Ring ring : rings) {
            if (ring.call >= 0) {
                FileCalls.close(ring.call);
            }
            if (ring.kick >= 0) {
                FileCalls.close(ring.kick);
            }
        }
        MappedMemory mapped = memory;
        if (mapped != null) {
            mapped.close();
        }
    }

    @Override
    public void close() {
        die();
    }
}

package dev.oriel.bustests;

import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.DriverRing;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.ScriptedSplitRing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A driver that puts into its queues whatever a test wants, sound or not. It uses three queues of 64, and one request
 * at a time.
 */
final class RawDriver implements AutoCloseable {
    static final int HIPRIO = 0;
    static final int REQUESTS = 1;

    private static final int QUEUES = 3;
    private static final int QUEUE_SIZE = 64;
    private static final int BUFFER_SIZE = 64 << 10;
    private static final long MEMORY_SIZE = 1 << 20;
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private static final int LOOKUP = 1;
    private static final int GETATTR = 3;
    private static final int OPEN = 14;
    private static final int INIT = 26;
    private static final int SETLK = 32;
    private static final int SETLKW = 33;
    private static final int SETUPMAPPING = 48;

    private final VirtioTransport transport;
    private final DriverMemory memory;
    private final List<DriverQueue> queues = new ArrayList<>();
    private final List<ScriptedSplitRing> rings = new ArrayList<>();
    private final long buffer;
    ByteOrder order;
    private long unique = 2;

    RawDriver(Joint joint, ByteOrder order) throws IOException {
        this(joint.probe(RingFeatures.INDIRECT_DESC), order);
    }

    /** @param transport owned by this object from now on; split rings were negotiated, without event indices */
    RawDriver(VirtioTransport transport, ByteOrder order) throws IOException {
        this.order = order;
        this.transport = transport;
        memory = transport.allocate(MEMORY_SIZE);
        long ringBytes = DriverRing.bytes(QUEUE_SIZE, transport.features());
        for (int i = 0; i < QUEUES; i++) {
            DriverQueue queue = DriverQueue.create(memory, i * ringBytes, QUEUE_SIZE, transport.features());
            queues.add(queue);
            ScriptedRing.Areas areas = new ScriptedRing.Areas(
                    queue.offset() + queue.ring().descriptorsOffset(),
                    queue.offset() + queue.ring().driverOffset(),
                    queue.offset() + queue.ring().deviceOffset());
            rings.add(ScriptedRing.split(memory.segment(), memory.guestAddress(0), areas, QUEUE_SIZE));
        }
        buffer = MEMORY_SIZE - 2 * BUFFER_SIZE;
        transport.start(memory, queues);
    }

    VirtioTransport transport() {
        return transport;
    }

    DriverMemory memory() {
        return memory;
    }

    /** The ring of a queue, for what no driver may do. */
    ScriptedSplitRing ring(int queue) {
        return rings.get(queue);
    }

    /** The guest address of a buffer that nothing else uses. */
    long bufferAddress() {
        return memory.guestAddress(buffer);
    }

    /** Sends bytes and waits for what comes back: as much as the device says it wrote. */
    byte[] exchange(int queue, byte[] request, int room) throws IOException {
        offer(queue, request, room);
        Used used = await(queue);
        byte[] reply = new byte[Math.min(used.written(), room)];
        MemorySegment.copy(memory.segment(), ValueLayout.JAVA_BYTE, buffer + BUFFER_SIZE, reply, 0, reply.length);
        return reply;
    }

    /** Waits for the next chain that the device gives back. */
    Used await(int queue) throws IOException {
        long start = System.nanoTime();
        Used used = rings.get(queue).poll();
        while (used == null) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IOException("no answer");
            }
            Thread.onSpinWait();
            used = rings.get(queue).poll();
        }
        return used;
    }

    private void offer(int queue, byte[] request, int room) {
        MemorySegment.copy(request, 0, memory.segment(), ValueLayout.JAVA_BYTE, buffer, request.length);
        memory.segment().asSlice(buffer + BUFFER_SIZE, BUFFER_SIZE).fill((byte) 0);
        List<Buffer> chain = new ArrayList<>();
        if (request.length > 0) {
            chain.add(new Buffer(memory.guestAddress(buffer), request.length, false));
        }
        if (room > 0) {
            chain.add(new Buffer(memory.guestAddress(buffer + BUFFER_SIZE), room, true));
        }
        offer(queue, chain);
        notifyDevice(queue);
    }

    /** Makes a chain available, without a notification; answers its id. */
    int offer(int queue, List<Buffer> chain) {
        int id = rings.get(queue).offer(chain);
        if (id < 0) {
            throw new IllegalStateException("the ring is full");
        }
        return id;
    }

    /** Whether or not the device asked for it. */
    void notifyDevice(int queue) {
        int _ = queues.get(queue).notifyDevice();
    }

    /** A header, and room for arguments behind it. */
    ByteBuffer request(int opcode, long nodeid, int argumentBytes) {
        int length = 40 + argumentBytes;
        unique += 2;
        return ByteBuffer.allocate(length)
                .order(order)
                .putInt(length)
                .putInt(opcode)
                .putLong(unique)
                .putLong(nodeid)
                .position(40);
    }

    /** All bytes of a request. */
    static byte[] bytes(ByteBuffer request) {
        byte[] bytes = new byte[request.capacity()];
        request.duplicate().clear().get(bytes);
        return bytes;
    }

    /** The error of a reply, 0 or negative. */
    int error(byte[] reply) {
        return ByteBuffer.wrap(reply).order(order).getInt(4);
    }

    ByteBuffer body(byte[] reply) {
        return ByteBuffer.wrap(reply, 16, reply.length - 16).slice().order(order);
    }

    /** Begins a session; answers the error. */
    int init() throws IOException {
        ByteBuffer init =
                request(INIT, 0, 64).putInt(7).putInt(38).putInt(1 << 20).putInt((int) FuseInitFlags.MAP_ALIGNMENT);
        return error(exchange(REQUESTS, bytes(init), 16 + 64));
    }

    long lookup(String name) throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer lookup = request(LOOKUP, 1, bytes.length + 1).put(bytes);
        byte[] reply = exchange(REQUESTS, bytes(lookup), 16 + 128);
        if (error(reply) != 0) {
            throw new IOException("LOOKUP answered " + error(reply));
        }
        return body(reply).getLong(0);
    }

    long open(long node) throws IOException {
        byte[] reply = exchange(REQUESTS, request(OPEN, node, 8).putInt(2).array(), 16 + 16);
        if (error(reply) != 0) {
            throw new IOException("OPEN answered " + error(reply));
        }
        return body(reply).getLong(0);
    }

    private byte[] lockRequest(int opcode, long node, long fh, long owner) {
        // the whole file, F_WRLCK
        return request(opcode, node, 48)
                .putLong(fh)
                .putLong(owner)
                .putLong(0)
                .putLong(Long.MAX_VALUE)
                .putInt(1)
                .putInt(1)
                .array();
    }

    int lock(long node, long fh, long owner) throws IOException {
        return error(exchange(REQUESTS, lockRequest(SETLK, node, fh, owner), 16));
    }

    /**
     * Asks for a lock that somebody else has; when this returns, the device has taken the request and not answered it.
     */
    void lockAndDoNotWait(long node, long fh, long owner) throws IOException {
        byte[] request = lockRequest(SETLKW, node, fh, owner);
        long own = buffer - BUFFER_SIZE;
        MemorySegment.copy(request, 0, memory.segment(), ValueLayout.JAVA_BYTE, own, request.length);
        int _ = offer(
                REQUESTS,
                List.of(
                        new Buffer(memory.guestAddress(own), request.length, false),
                        new Buffer(memory.guestAddress(own + 4096), 16, true)));
        // a queue is taken in order: who is answered was behind it
        byte[] reply = exchange(REQUESTS, request(GETATTR, 1, 16).array(), 120);
        if (reply.length != 120 || rings.get(REQUESTS).poll() != null) {
            throw new IOException("the lock was not waited for");
        }
    }

    /** Maps 2 MiB for reading; answers the error. */
    int setupMapping(long node, long fileOffset, long windowOffset) throws IOException {
        return setupMapping(node, fileOffset, 2 << 20, windowOffset);
    }

    int setupMapping(long node, long fileOffset, long length, long windowOffset) throws IOException {
        ByteBuffer setup = request(SETUPMAPPING, node, 40)
                .putLong(-1)
                .putLong(fileOffset)
                .putLong(length)
                .putLong(2)
                .putLong(windowOffset);
        return error(exchange(REQUESTS, bytes(setup), 16));
    }

    @Override
    public void close() throws LinuxException {
        transport.close();
        queues.forEach(DriverQueue::close);
        memory.close();
    }
}

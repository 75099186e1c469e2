package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.linux.Connection;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A virtual machine for tests: its memory, its queues 0 (hiprio) and 1 (requests), and a connection over which a test
 * sends what it wants, sound or not. One thread.
 */
abstract class RawGuest implements AutoCloseable {
    static final int HIPRIO = 0;
    static final int REQUESTS = 1;

    static final int LOOKUP = 1;
    static final int GETATTR = 3;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int SETXATTR = 21;
    static final int INIT = 26;
    static final int SETLK = 32;
    static final int SETLKW = 33;
    static final int CREATE = 35;
    static final int INTERRUPT = 36;

    /** The ring features of its queues: VERSION_1 and INDIRECT_DESC. */
    static final long FEATURES = RingFeatures.VERSION_1 | RingFeatures.INDIRECT_DESC;

    static final int QUEUE_SIZE = 1024;
    static final int REPLY_ROOM = 128 << 10;
    private static final int REQUEST_ROOM = 256 << 10;
    private static final long MEMORY_SIZE = 64 << 20;
    private static final int PAGE = 4096;

    final Connection connection;
    final SharedMemory memory;
    final List<ScriptedQueue> queues = new ArrayList<>();
    private final Buffer request;
    private final Buffer reply;
    private long unique;

    RawGuest(Connection connection) throws LinuxException {
        this.connection = connection;
        memory = new SharedMemory(MEMORY_SIZE);
        for (int i = 0; i < 2; i++) {
            queues.add(new ScriptedQueue(memory, ScriptedRing.create(memory, QUEUE_SIZE, false, true, false)));
        }
        request = queues.get(REQUESTS).buffer(REQUEST_ROOM, false);
        reply = queues.get(REQUESTS).buffer(REPLY_ROOM, true);
    }

    /** The two ways in which a virtual machine reaches its device. */
    enum Carrier {
        VHOST_USER("--socket-path"),
        VFIO_USER("--vfio-user-path");

        private final String option;

        Carrier(String option) {
            this.option = option;
        }

        /** The option of {@code oriel serve}. */
        String option() {
            return option;
        }

        /** Connects; nothing is said yet. */
        RawGuest connect(Path socket) throws LinuxException {
            return switch (this) {
                case VHOST_USER -> new VhostUserGuest(socket);
                case VFIO_USER -> new VfioUserGuest(socket);
            };
        }
    }

    /** Passes a file as guest memory, at an address where nothing else is; whether the device took it. */
    abstract boolean passMemory(int fd, long guestAddress, long size) throws Exception;

    /** Says what a VMM says until its queues run. */
    abstract void start() throws Exception;

    /** Makes a queue look at its ring. */
    abstract void kick(int queue) throws Exception;

    /** Sends what is no message of the protocol. */
    void raw(byte[] bytes) {
        try (java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
            MemorySegment all = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, all, JAVA_BYTE, 0, bytes.length);
            // A server that has hung up already is an answer too.
            int _ = connection.send(all, 0, bytes.length, new int[0], 0);
        }
    }

    /** Takes away the guest's memory from an offset on, while the server has it mapped. */
    void truncateMemory(long size) throws LinuxException {
        LinuxException.check(FileCalls.ftruncate(memory.fd(), size), "truncate guest memory");
    }

    ScriptedQueue requests() {
        return queues.get(REQUESTS);
    }

    /** A header with a unique of its own, and room for arguments behind it. */
    ByteBuffer request(int opcode, long nodeid, int argumentBytes) {
        int length = 40 + argumentBytes;
        unique += 2;
        return ByteBuffer.allocate(length)
                .order(ByteOrder.nativeOrder())
                .putInt(length)
                .putInt(opcode)
                .putLong(unique)
                .putLong(nodeid)
                .position(40);
    }

    /** Sends a request and waits for its reply; empty if none comes in time, or the queue has failed. */
    Optional<ByteBuffer> exchange(ByteBuffer bytes) throws Exception {
        ScriptedQueue driver = requests();
        int length = bytes.capacity();
        driver.memory(request)
                .asSlice(0, length)
                .copyFrom(MemorySegment.ofBuffer(bytes.duplicate().clear()));
        if (driver.ring()
                        .offer(List.of(
                                new Buffer(request.address(), length, false),
                                new Buffer(reply.address(), REPLY_ROOM, true)))
                < 0) {
            return Optional.empty();
        }
        kick(REQUESTS);
        return next().map(used -> ByteBuffer.wrap(
                        driver.memory(reply).asSlice(0, used.written()).toArray(JAVA_BYTE))
                .order(ByteOrder.nativeOrder()));
    }

    /** The next chain that the device gives back; empty if none comes in time. */
    Optional<Used> next() {
        ScriptedQueue driver = requests();
        Used used = driver.ring().poll();
        while (used == null) {
            if (!driver.ring().enableInterrupts() && !driver.interrupted(ScriptedQueue.PATIENCE_MILLIS)) {
                return Optional.empty();
            }
            used = driver.ring().poll();
        }
        return Optional.of(used);
    }

    /**
     * Makes a request available and does not wait; answers whether the ring had room. The reply has room for a header.
     */
    boolean post(ByteBuffer bytes) throws Exception {
        ScriptedQueue driver = requests();
        Buffer own = driver.buffer(bytes.capacity(), false);
        driver.memory(own).copyFrom(MemorySegment.ofBuffer(bytes.duplicate().clear()));
        return driver.ring().offer(List.of(own, driver.buffer(16, true))) >= 0;
    }

    /**
     * Makes a request available whose reply goes to the page behind all else; answers the page's offset in the memory.
     */
    long postWithReplyInThePageBehind(ByteBuffer bytes) {
        ScriptedQueue driver = requests();
        Buffer own = driver.buffer(bytes.capacity(), false);
        driver.memory(own).copyFrom(MemorySegment.ofBuffer(bytes.duplicate().clear()));
        long page = memory.allocate(PAGE, PAGE);
        int _ = driver.ring().offer(List.of(own, new Buffer(SharedMemory.guestAddress(page), PAGE, true)));
        return page;
    }

    /** The errno of a reply, 0 or positive. */
    static int errno(ByteBuffer reply) {
        return -reply.getInt(4);
    }

    /** The body of a request that must succeed. */
    ByteBuffer done(ByteBuffer bytes) throws Exception {
        int opcode = bytes.getInt(4);
        ByteBuffer answer =
                exchange(bytes).orElseThrow(() -> new AssertionError("opcode " + opcode + " is not answered"));
        if (errno(answer) != 0) {
            throw new AssertionError("opcode " + opcode + " is answered with errno " + errno(answer));
        }
        return answer.slice(16, answer.capacity() - 16).order(ByteOrder.nativeOrder());
    }

    ByteBuffer init() {
        return request(INIT, 0, 64).putInt(7).putInt(38).putInt(1 << 20).putInt(0);
    }

    ByteBuffer lookup(long parent, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return request(LOOKUP, parent, bytes.length + 1).put(bytes);
    }

    /** Begins to run, as a guest that mounts does. */
    RawGuest mount() throws Exception {
        start();
        ByteBuffer _ = done(init());
        return this;
    }

    long node(String name) throws Exception {
        return done(lookup(1, name)).getLong(0);
    }

    long open(long node) throws Exception {
        return done(request(OPEN, node, 8).putInt(2)).getLong(0);
    }

    byte[] read(long node, long handle, long offset, int size) throws Exception {
        ByteBuffer body =
                done(request(READ, node, 40).putLong(handle).putLong(offset).putInt(size));
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return bytes;
    }

    /** A lock of the whole file for writing. */
    ByteBuffer lock(int opcode, long node, long handle, long owner, int argumentBytes) {
        return request(opcode, node, argumentBytes)
                .putLong(handle)
                .putLong(owner)
                .putLong(0)
                .putLong(Long.MAX_VALUE)
                .putInt(1)
                .putInt(1);
    }

    @Override
    public void close() {
        connection.close();
        queues.forEach(ScriptedQueue::close);
        memory.close();
    }
}

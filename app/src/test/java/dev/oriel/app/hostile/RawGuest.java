package dev.oriel.app.hostile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.util.Objects.requireNonNull;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
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
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine for tests: its memory, its queues 0 (hiprio) and 1 (requests), and a connection over which a test
 * sends what it wants, sound or not. One thread.
 */
abstract class RawGuest implements AutoCloseable {
    static final int HIPRIO = 0;
    static final int REQUESTS = 1;

    /** Where a guest has the window of its device. */
    static final long WINDOW_ADDRESS = 0x40_0000_0000L;

    static final int QUEUE_SIZE = 1024;

    /** Room for each of the three parts of a ring. */
    static final int RING_PART = 16 << 10;

    static final int REPLY_ROOM = 128 << 10;
    private static final int REQUEST_ROOM = 256 << 10;
    private static final long MEMORY_SIZE = 64 << 20;
    private static final int PAGE = 4096;

    final Connection connection;
    final SharedMemory memory;
    final List<ScriptedQueue> queues = new ArrayList<>();

    /** The ring features of its queues. */
    final long features;

    /** Whether its device is one with a window for it. */
    boolean windowed;

    private final Buffer request;
    private final Buffer reply;
    private @Nullable Window window;
    private int patienceMillis = ScriptedQueue.PATIENCE_MILLIS;
    private long unique;

    RawGuest(Connection connection, boolean packed) throws LinuxException {
        this.connection = connection;
        features = RingFeatures.VERSION_1 | RingFeatures.INDIRECT_DESC | (packed ? RingFeatures.RING_PACKED : 0);
        memory = new SharedMemory(MEMORY_SIZE);
        for (int i = 0; i < 2; i++) {
            queues.add(new ScriptedQueue(memory, ScriptedRing.create(memory, QUEUE_SIZE, packed, true, false)));
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
        RawGuest connect(Path socket, boolean packed) throws LinuxException {
            return switch (this) {
                case VHOST_USER -> new VhostUserGuest(socket, packed);
                case VFIO_USER -> new VfioUserGuest(socket, packed);
            };
        }
    }

    /** The window of its device, as the VMM has it mapped. */
    record Window(Descriptor file, MappedMemory mapping) implements AutoCloseable {
        static Window of(int fd, long length) throws LinuxException {
            Descriptor file = new Descriptor(fd);
            return new Window(file, MappedMemory.ofFile(fd, 0, length, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE));
        }

        MemorySegment memory() {
            return mapping.segment();
        }

        @Override
        public void close() {
            mapping.close();
            file.close();
        }
    }

    /** Passes a file as guest memory, at an address where nothing else is; whether the device took it. */
    abstract boolean passMemory(int fd, long guestAddress, long size) throws Exception;

    /** Says what a VMM says until its queues run. */
    abstract void start() throws Exception;

    /** Makes a queue look at its ring. */
    abstract void kick(int queue) throws Exception;

    /** Maps the window as VMMs do: what the device asks meanwhile is answered. It shows a part of a file by now. */
    abstract Window openWindow() throws Exception;

    /** Tells the device that the window is memory of the guest, at {@link #WINDOW_ADDRESS}. */
    abstract void passWindow() throws Exception;

    /** Has a queue start anew with its ring at a guest address; whether the device took it. */
    abstract boolean placeRing(int queue, long guestAddress) throws Exception;

    /** Asks until the device, whose answers nobody reads, takes no more questions. */
    abstract void askAndReadNothing() throws Exception;

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
        return send(bytes) ? reply() : Optional.empty();
    }

    /** Sends a request whose reply is awaited by {@link #reply}; answers whether the ring had room. */
    private boolean send(ByteBuffer bytes) throws Exception {
        ScriptedQueue driver = requests();
        int length = bytes.capacity();
        driver.memory(request)
                .asSlice(0, length)
                .copyFrom(MemorySegment.ofBuffer(bytes.duplicate().clear()));
        List<Buffer> chain =
                List.of(new Buffer(request.address(), length, false), new Buffer(reply.address(), REPLY_ROOM, true));
        if (driver.ring().offer(chain) < 0) {
            return false;
        }
        kick(REQUESTS);
        return true;
    }

    private Optional<ByteBuffer> reply() {
        return next().map(used -> ByteBuffer.wrap(
                        requests().memory(reply).asSlice(0, used.written()).toArray(JAVA_BYTE))
                .order(ByteOrder.nativeOrder()));
    }

    /** How long an answer may take from now on. */
    void patience(int millis) {
        patienceMillis = millis;
    }

    /** The next chain that the device gives back; empty if none comes in time. */
    Optional<Used> next() {
        return next(REQUESTS);
    }

    private Optional<Used> next(int queue) {
        ScriptedQueue driver = queues.get(queue);
        Used used = driver.ring().poll();
        while (used == null) {
            if (!driver.ring().enableInterrupts() && !driver.interrupted(patienceMillis)) {
                return Optional.empty();
            }
            used = driver.ring().poll();
        }
        return Optional.of(used);
    }

    /** Puts a request into memory of its own. */
    Buffer put(ByteBuffer bytes) {
        Buffer own = requests().buffer(bytes.capacity(), false);
        requests().memory(own).copyFrom(MemorySegment.ofBuffer(bytes.duplicate().clear()));
        return own;
    }

    /** Room for a reply that has no body. */
    Buffer room() {
        return requests().buffer(16, true);
    }

    /**
     * Makes a request available and does not wait; answers whether the ring had room. The reply has room for a header.
     */
    boolean post(ByteBuffer bytes) {
        return requests().ring().offer(List.of(put(bytes), room())) >= 0;
    }

    /**
     * Makes a request available whose reply goes to the page behind all else; answers the page's offset in the memory.
     */
    long postWithReplyInThePageBehind(ByteBuffer bytes) {
        Buffer own = put(bytes);
        long page = memory.allocate(PAGE, PAGE);
        int _ = requests().ring().offer(List.of(own, new Buffer(SharedMemory.guestAddress(page), PAGE, true)));
        return page;
    }

    /** Sends a chain of buffers that lie anywhere; answers how many bytes were written, or nothing if it was lost. */
    Optional<Integer> exchange(Buffer... buffers) throws Exception {
        if (requests().ring().offer(List.of(buffers)) < 0) {
            return Optional.empty();
        }
        kick(REQUESTS);
        return next().map(Used::written);
    }

    /**
     * Makes chains available, one after another and over and over, as fast as the ring takes them; answers how many
     * came back.
     */
    int flood(int queue, int count, List<List<Buffer>> chains) throws Exception {
        ScriptedRing ring = queues.get(queue).ring();
        int offered = 0;
        int back = 0;
        while (back < count) {
            while (offered < count && ring.offer(chains.get(offered % chains.size())) >= 0) {
                offered++;
            }
            kick(queue);
            if (next(queue).isEmpty()) {
                break;
            }
            do {
                back++;
            } while (ring.poll() != null);
        }
        return back;
    }

    /** The errno of a reply, 0 or positive. */
    static int errno(ByteBuffer reply) {
        return -reply.getInt(4);
    }

    /** The same, of a reply in memory of the guest. */
    int errno(Buffer reply) {
        return -requests().memory(reply).get(JAVA_INT, 4);
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
        return init(38, 0);
    }

    ByteBuffer init(int minor, long flags) {
        return request(FuseOpcode.INIT, 0, 64)
                .putInt(7)
                .putInt(minor)
                .putInt(1 << 20)
                .putInt((int) flags);
    }

    ByteBuffer lookup(long parent, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return request(FuseOpcode.LOOKUP, parent, bytes.length + 1).put(bytes);
    }

    /** Begins to run, as a guest that mounts does. */
    RawGuest mount() throws Exception {
        return mount(0);
    }

    /** The same, with what else it can do. */
    RawGuest mount(long flags) throws Exception {
        start();
        ByteBuffer _ = done(init(38, flags));
        return this;
    }

    /** The same, with a window. */
    RawGuest mountWithWindow() throws Exception {
        windowed = true;
        return mount(FuseInitFlags.MAP_ALIGNMENT);
    }

    /** SETUPMAPPING of the beginning of a file at the beginning of the window. */
    ByteBuffer mapping(long node, long length) {
        return request(FuseOpcode.SETUPMAPPING, node, 40)
                .putLong(-1)
                .putLong(0)
                .putLong(length)
                .putLong(FuseFlags.SETUPMAPPING_READ | FuseFlags.SETUPMAPPING_WRITE)
                .putLong(0);
    }

    /** Has the beginning of a file shown at the beginning of the window. The first time only. */
    Window map(long node, long length) throws Exception {
        send(mapping(node, length));
        Window opened = openWindow();
        window = opened;
        int errno = reply().map(RawGuest::errno).orElse(Errno.ETIMEDOUT);
        if (errno != 0) {
            throw new AssertionError("a mapping is answered with errno " + errno);
        }
        return opened;
    }

    long node(String name) throws Exception {
        return done(lookup(1, name)).getLong(0);
    }

    long open(long node) throws Exception {
        return done(request(FuseOpcode.OPEN, node, 8).putInt(2)).getLong(0);
    }

    byte[] read(long node, long handle, long offset, int size) throws Exception {
        ByteBuffer body = done(request(FuseOpcode.READ, node, 40)
                .putLong(handle)
                .putLong(offset)
                .putInt(size));
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return bytes;
    }

    /** The window that was opened. */
    Window window() {
        return requireNonNull(window);
    }

    /** Of a file that is open, as many bytes as there are. */
    ByteBuffer write(long node, long handle, long offset, byte[] bytes) {
        return request(FuseOpcode.WRITE, node, 40 + bytes.length)
                .putLong(handle)
                .putLong(offset)
                .putInt(bytes.length)
                .putInt(0)
                .putLong(0)
                .putLong(0)
                .put(bytes);
    }

    /** A lock of a range for writing, up to and with its last byte. */
    ByteBuffer lock(int opcode, long node, long handle, long owner, long first, long last) {
        return request(opcode, node, 48)
                .putLong(handle)
                .putLong(owner)
                .putLong(first)
                .putLong(last)
                .putInt(1)
                .putInt(1);
    }

    @Override
    public void close() {
        connection.close();
        if (window != null) {
            window.close();
        }
        queues.forEach(ScriptedQueue::close);
        memory.close();
    }
}

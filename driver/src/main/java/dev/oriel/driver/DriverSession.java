package dev.oriel.driver;

import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseInitIn;
import dev.oriel.fuse.FuseInitOut;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.DriverRing;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a virtio-fs device, its queues and memory, and the FUSE session on it.
 *
 * <pre>
 *   driver memory
 *   +--------+-----+--------+--------------------------+----- ... -----+------------------------+
 *   | ring 0 | ... | ring n | control memory, queue 0  |               | pool of DriverBuffers  |
 *   +--------+-----+--------+--------------------------+----- ... -----+------------------------+
 * </pre>
 *
 * <p>Queue 0 is for FORGET, which no thread waits for; the others are for requests (virtio 1.4, 5.11.2).
 */
final class DriverSession implements AutoCloseable {
    private static final int FUSE_MAJOR = 7;
    private static final int FUSE_MINOR = 46;

    /** The shared memory region that is the DAX window (virtio 1.4, 5.11.4). */
    private static final int WINDOW_REGION = 0;

    private static final int TAG_SIZE = 36;
    private static final int CONFIG_SIZE = 40;

    /** Most bytes of one READ or WRITE, whatever a server offers. */
    private static final int MAX_TRANSFER = 1 << 20;

    private static final int MIN_TRANSFER = 4096;
    private static final int PAGE = 4096;

    /** Most pieces a request has: arguments and payload, header and room. */
    private static final int PIECES = 4;

    /** What this client can do with; the server takes of it what it has. */
    private static final long OFFERED = FuseInitFlags.ASYNC_READ
            | FuseInitFlags.POSIX_LOCKS
            | FuseInitFlags.FLOCK_LOCKS
            | FuseInitFlags.ATOMIC_O_TRUNC
            | FuseInitFlags.EXPORT_SUPPORT
            | FuseInitFlags.BIG_WRITES
            | FuseInitFlags.HAS_IOCTL_DIR
            | FuseInitFlags.AUTO_INVAL_DATA
            | FuseInitFlags.DO_READDIRPLUS
            | FuseInitFlags.ASYNC_DIO
            | FuseInitFlags.PARALLEL_DIROPS
            | FuseInitFlags.MAX_PAGES
            | FuseInitFlags.CACHE_SYMLINKS
            | FuseInitFlags.SUBMOUNTS
            | FuseInitFlags.SETXATTR_EXT
            | FuseInitFlags.INIT_EXT;

    private final VirtioTransport transport;
    private final DriverMemory memory;
    private final BufferPool buffers;
    private final List<ClientQueue> queues;
    private final FuseClientOptions options;
    private final String tag;
    private final int pid = (int) ProcessHandle.current().pid();
    private final AtomicLong uniques = new AtomicLong();

    private volatile boolean closing;
    private int minor;
    private long flags;
    private int maxWrite;
    private int mapAlignment;
    private @Nullable SharedMemoryWindow window;

    private DriverSession(
            VirtioTransport transport,
            DriverMemory memory,
            List<DriverQueue> driverQueues,
            long controls,
            FuseClientOptions options,
            String tag) {
        this.transport = transport;
        this.memory = memory;
        this.options = options;
        this.tag = tag;
        int depth = depth(transport.features(), driverQueues.getFirst().ring().size());
        queues = new ArrayList<>(driverQueues.size());
        long at = controls;
        for (DriverQueue queue : driverQueues) {
            queues.add(new ClientQueue(this, queue, transport.lifeDescriptor(), memory, at, depth, options.order()));
            at += (long) depth * ClientRequest.CONTROL_SIZE;
        }
        buffers = new BufferPool(memory, at, options.bufferMemory());
    }

    /** Without indirect descriptors every piece takes a place in the ring. */
    private static int depth(long features, int queueSize) {
        return (features & RingFeatures.INDIRECT_DESC) != 0 ? queueSize : queueSize / PIECES;
    }

    /** Owns the transport from now on, also if it fails. */
    static DriverSession open(VirtioTransport transport, FuseClientOptions options) throws IOException {
        DriverSession session;
        try {
            session = start(transport, options);
        } catch (IOException | RuntimeException failed) {
            transport.close();
            throw failed;
        }
        try {
            session.init();
            return session;
        } catch (IOException | RuntimeException failed) {
            session.close();
            throw failed;
        }
    }

    private static DriverSession start(VirtioTransport transport, FuseClientOptions options) throws IOException {
        String tag = "";
        int offered = transport.maxQueues() - 1;
        Optional<byte[]> config = transport.config(0, CONFIG_SIZE);
        if (config.isPresent()) {
            ByteBuffer bytes = ByteBuffer.wrap(config.get()).order(ByteOrder.LITTLE_ENDIAN);
            int end = 0;
            while (end < TAG_SIZE && bytes.get(end) != 0) {
                end++;
            }
            tag = new String(config.get(), 0, end, StandardCharsets.UTF_8);
            int requestQueues = bytes.getInt(TAG_SIZE);
            if (requestQueues < 1) {
                throw new IOException(transport.name() + " says that it has " + requestQueues + " request queues");
            }
            offered = Math.min(offered, requestQueues);
        }
        int count = 1 + Math.max(1, Math.min(options.queues(), offered));
        int queueSize = Math.min(options.queueSize(), Integer.highestOneBit(transport.maxQueueSize()));
        long ringBytes = DriverRing.bytes(queueSize, transport.features());
        long controls = (count * ringBytes + PAGE - 1) / PAGE * PAGE;
        long controlBytes = (long) count * depth(transport.features(), queueSize) * ClientRequest.CONTROL_SIZE;
        DriverMemory memory = transport.allocate(controls + controlBytes + options.bufferMemory());
        List<DriverQueue> queues = new ArrayList<>(count);
        try {
            for (int i = 0; i < count; i++) {
                queues.add(DriverQueue.create(memory, i * ringBytes, queueSize, transport.features()));
            }
            DriverSession session = new DriverSession(transport, memory, queues, controls, options, tag);
            transport.start(memory, queues);
            return session;
        } catch (IOException | RuntimeException failed) {
            // first the device, which may have the queues already
            transport.close();
            queues.forEach(DriverQueue::close);
            memory.close();
            throw failed;
        }
    }

    private void init() throws IOException {
        window = transport.sharedMemoryRegion(WINDOW_REGION).orElse(null);
        long offer = OFFERED | (window != null ? FuseInitFlags.MAP_ALIGNMENT : 0);
        ClientRequest request = queue(0).acquire();
        request.begin(FuseOpcode.INIT, 0);
        request.argument(new FuseInitIn())
                .major(FUSE_MAJOR)
                .minor(FUSE_MINOR)
                .maxReadahead(MAX_TRANSFER)
                .flags((int) offer)
                .flags2((int) (offer >>> 32));
        request.reply(FuseInitOut.SIZE, FuseInitOut.SIZE);
        int result = queue(0).call(request);
        if (result < 0) {
            request.release();
            throw new FuseException("start a FUSE session with " + name(), -result);
        }
        FuseInitOut reply = request.reply(new FuseInitOut());
        int major = reply.major();
        minor = Math.min(reply.minor(), FUSE_MINOR);
        if (major != FUSE_MAJOR || minor < 27) {
            request.release();
            throw new IOException(name() + " speaks FUSE " + major + "." + minor + "; at least 7.27 is needed");
        }
        long accepted = Integer.toUnsignedLong(reply.flags());
        if ((accepted & FuseInitFlags.INIT_EXT) != 0) {
            accepted |= Integer.toUnsignedLong(reply.flags2()) << 32;
        }
        flags = accepted & offer;
        maxWrite = Math.clamp(reply.maxWrite(), MIN_TRANSFER, MAX_TRANSFER);
        mapAlignment = (flags & FuseInitFlags.MAP_ALIGNMENT) != 0 ? reply.mapAlignment() : 0;
        request.release();
    }

    String name() {
        return transport.name();
    }

    String tag() {
        return tag;
    }

    int minor() {
        return minor;
    }

    long flags() {
        return flags;
    }

    boolean has(long flag) {
        return (flags & flag) != 0;
    }

    /** Most bytes of one READ or WRITE. */
    int maxTransfer() {
        return maxWrite;
    }

    /** Base 2 logarithm of what offsets of mappings must be a multiple of. */
    int mapAlignment() {
        return mapAlignment;
    }

    Optional<SharedMemoryWindow> window() {
        return Optional.ofNullable(window);
    }

    FuseClientOptions options() {
        return options;
    }

    int uid() {
        return options.uid();
    }

    int gid() {
        return options.gid();
    }

    int pid() {
        return pid;
    }

    /** Even and never 0, as Linux numbers its requests. */
    long nextUnique() {
        return uniques.addAndGet(2);
    }

    long timeLimitNanos() {
        return options.timeLimit().toNanos();
    }

    boolean isClosing() {
        return closing;
    }

    /** The queue for FORGET. */
    ClientQueue priorityQueue() {
        return queues.getFirst();
    }

    int queueCount() {
        return queues.size() - 1;
    }

    /** A request queue, from 0. */
    ClientQueue queue(int index) {
        return queues.get(1 + index);
    }

    /** The request queue of the current thread. */
    ClientQueue queue() {
        return queues.get(1 + (int) (Thread.currentThread().threadId() % queueCount()));
    }

    /**
     * Memory for payloads.
     *
     * @throws FuseException ENOBUFS if none became free in time
     */
    DriverBuffer allocate(long bytes) throws FuseException {
        long deadline = System.nanoTime() + timeLimitNanos();
        DriverBuffer buffer = buffers.allocate(bytes);
        while (buffer == null) {
            if (BufferPool.rounded(bytes) > options.bufferMemory() || System.nanoTime() - deadline > 0) {
                throw new FuseException(
                        "allocate " + bytes + " of the " + options.bufferMemory() + " bytes for buffers",
                        Errno.ENOBUFS);
            }
            LockSupport.parkNanos(this, 100_000);
            buffer = buffers.allocate(bytes);
        }
        return buffer;
    }

    /** Bytes of buffers that are not in use. */
    long freeBufferBytes() {
        return buffers.freeBytes();
    }

    @Override
    public synchronized void close() {
        if (closing) {
            return;
        }
        closing = true;
        ClientRequest destroy = minor == 0 ? null : queue(0).tryAcquire();
        if (destroy != null) {
            // an error means that the device is gone, and the session with it
            int _ = queue(0).call(destroy.begin(FuseOpcode.DESTROY, 0));
            destroy.release();
        }
        queues.forEach(ClientQueue::stop);
        transport.close();
        queues.forEach(ClientQueue::close);
        memory.close();
    }
}

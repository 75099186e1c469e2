package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.linux.Connection;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.DriverRing;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The front-end half of vhost-user: connects to a back-end as a VMM does, for a driver in this process.
 *
 * <p>The order of messages is QEMU's. Every reply has a time limit, and everything a back-end says is checked, so it can fail a
 * call but neither hang nor crash this process. Set-up is for one thread; {@link #close()} for any.
 *
 * <p>CONFIGURE_MEM_SLOTS is not accepted: what is mapped in the window is in place when SHMEM_MAP is answered, and no change of the
 * memory table follows.
 */
public final class VhostUserFrontend implements VirtioTransport {
    private static final int GET_FEATURES = 1;
    private static final int SET_FEATURES = 2;
    private static final int SET_OWNER = 3;
    private static final int SET_MEM_TABLE = 5;
    private static final int SET_VRING_NUM = 8;
    private static final int SET_VRING_ADDR = 9;
    private static final int SET_VRING_BASE = 10;
    private static final int SET_VRING_KICK = 12;
    private static final int SET_VRING_CALL = 13;
    private static final int GET_PROTOCOL_FEATURES = 15;
    private static final int SET_PROTOCOL_FEATURES = 16;
    private static final int GET_QUEUE_NUM = 17;
    private static final int SET_VRING_ENABLE = 18;
    private static final int SET_BACKEND_REQ_FD = 21;
    private static final int GET_CONFIG = 24;
    private static final int GET_SHMEM_CONFIG = 44;

    private static final long F_PROTOCOL_FEATURES = 1L << 30;
    private static final long MQ = 1L;
    private static final long REPLY_ACK = 1L << 3;
    private static final long BACKEND_REQ = 1L << 5;
    private static final long CONFIG = 1L << 9;
    private static final long BACKEND_SEND_FD = 1L << 10;
    private static final long SHMEM = 1L << 22;
    /** What a back-end needs before it can ask us to map files. */
    private static final long WINDOW_FEATURES = SHMEM | BACKEND_REQ | BACKEND_SEND_FD | REPLY_ACK;

    /** The region that is asked for. */
    private static final int WINDOW = 0;

    private static final int CONFIG_HEADER_SIZE = 12;
    private static final int CONFIG_MAX = 256;
    private static final int SHMEM_CONFIG_SIZE = 2056;
    private static final int MAX_QUEUES = 1024;

    private final FrontendChannel channel;
    private final String name;
    private final long features;
    private final long protocolFeatures;
    private final int maxQueues;
    private final @Nullable SharedMemoryWindow window;
    private final @Nullable BackendRequests requests;

    private VhostUserFrontend(
            FrontendChannel channel,
            String name,
            long features,
            long protocolFeatures,
            int maxQueues,
            @Nullable SharedMemoryWindow window,
            @Nullable BackendRequests requests) {
        this.channel = channel;
        this.name = name;
        this.features = features;
        this.protocolFeatures = protocolFeatures;
        this.maxQueues = maxQueues;
        this.window = window;
        this.requests = requests;
    }

    /**
     * Connects and negotiates. If the device has a shared memory region 0, address space for it is reserved.
     *
     * @param socket where the back-end listens
     * @param wanted features to accept if offered, of {@link RingFeatures}; VERSION_1 is always demanded
     * @param timeLimit how long the back-end may take for each reply
     * @throws BackendException if it cannot be used, with the reason
     */
    public static VhostUserFrontend connect(Path socket, long wanted, Duration timeLimit) throws IOException {
        String name = "the device at " + socket;
        Connection connection;
        try {
            connection = UnixSocket.connect(socket);
        } catch (LinuxException failed) {
            throw new BackendException("no device can be reached at " + socket, failed);
        }
        FrontendChannel channel = new FrontendChannel(connection, name, timeLimit);
        try {
            return negotiate(channel, name, wanted);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    private static VhostUserFrontend negotiate(FrontendChannel channel, String name, long wanted) throws IOException {
        long offered = channel.askLong("GET_FEATURES", GET_FEATURES);
        if ((offered & RingFeatures.VERSION_1) == 0) {
            throw new BackendException(name + " is not a virtio 1 device (its features are 0x"
                    + Long.toHexString(offered) + "); legacy devices are not supported");
        }
        long features = offered & (wanted | RingFeatures.VERSION_1 | F_PROTOCOL_FEATURES);
        long protocol = 0;
        if ((features & F_PROTOCOL_FEATURES) != 0) {
            long known = MQ | REPLY_ACK | BACKEND_REQ | CONFIG | BACKEND_SEND_FD | SHMEM;
            protocol = channel.askLong("GET_PROTOCOL_FEATURES", GET_PROTOCOL_FEATURES) & known;
            channel.setLong(0, protocol);
            channel.tell("SET_PROTOCOL_FEATURES", SET_PROTOCOL_FEATURES, Long.BYTES);
        }
        if ((protocol & REPLY_ACK) != 0) {
            channel.acknowledgeAll();
        }
        int maxQueues = 1;
        if ((protocol & MQ) != 0) {
            long number = channel.askLong("GET_QUEUE_NUM", GET_QUEUE_NUM);
            if (number < 1) {
                throw new BackendException(name + " says that it has " + number + " queues");
            }
            maxQueues = (int) Math.min(number, MAX_QUEUES);
        }
        SharedMemoryWindow window = null;
        BackendRequests requests = null;
        try {
            if ((protocol & WINDOW_FEATURES) == WINDOW_FEATURES) {
                window = reserveWindow(channel, name);
            }
            if ((protocol & BACKEND_REQ) != 0) {
                requests = openBackendChannel(channel, name, window);
            }
            channel.tell("SET_OWNER", SET_OWNER, 0);
            return new VhostUserFrontend(channel, name, features, protocol, maxQueues, window, requests);
        } catch (IOException | RuntimeException failed) {
            if (requests != null) {
                requests.close();
            }
            if (window != null) {
                window.close();
            }
            throw failed;
        }
    }

    /** Region 0, or null if the device does not have it. */
    private static @Nullable SharedMemoryWindow reserveWindow(FrontendChannel channel, String name) throws IOException {
        channel.ask("GET_SHMEM_CONFIG", GET_SHMEM_CONFIG, 0, SHMEM_CONFIG_SIZE, SHMEM_CONFIG_SIZE);
        int regions = channel.getInt(0);
        long size = channel.getLong(8);
        if (regions == 0 || size == 0) {
            return null;
        }
        if (size < 0 || size % MemoryCalls.pageSize() != 0) {
            throw new BackendException(name + " announces a shared memory region of " + Long.toUnsignedString(size)
                    + " bytes, which is not whole pages");
        }
        try {
            return SharedMemoryWindow.reserve(size);
        } catch (LinuxException failed) {
            throw new BackendException("no address space for the window of " + name, failed);
        }
    }

    private static BackendRequests openBackendChannel(
            FrontendChannel channel, String name, @Nullable SharedMemoryWindow window) throws IOException {
        UnixSocket.Pair pair = UnixSocket.pair();
        BackendRequests requests = new BackendRequests(pair.first(), name, window);
        try (Connection theirs = pair.second()) {
            channel.tell("SET_BACKEND_REQ_FD", SET_BACKEND_REQ_FD, 0, theirs.number());
            requests.start();
            return requests;
        } catch (IOException | RuntimeException failed) {
            requests.close();
            throw failed;
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public int maxQueues() {
        return maxQueues;
    }

    /** No message tells: what is too much is refused when the queue is set up. */
    @Override
    public int maxQueueSize() {
        return QueueSetup.MAX_SIZE;
    }

    @Override
    public Optional<SharedMemoryWindow> sharedMemoryRegion(int id) {
        return id == WINDOW ? Optional.ofNullable(window) : Optional.empty();
    }

    @Override
    public DriverMemory allocate(long size) throws LinuxException {
        return DriverMemory.create(size);
    }

    /** The socket. */
    @Override
    public int lifeDescriptor() {
        return channel.connection().number();
    }

    @Override
    public Optional<byte[]> config(int offset, int size) throws BackendException {
        if ((protocolFeatures & CONFIG) == 0) {
            return Optional.empty();
        }
        if (size < 1 || size > CONFIG_MAX) {
            throw new IllegalArgumentException("GET_CONFIG of " + size + " bytes; it takes 1 to " + CONFIG_MAX);
        }
        channel.setInt(0, offset);
        channel.setInt(4, size);
        channel.setInt(8, 0);
        channel.payload(CONFIG_HEADER_SIZE, size).fill((byte) 0);
        int answered = channel.ask("GET_CONFIG", GET_CONFIG, CONFIG_HEADER_SIZE + size, 0, CONFIG_HEADER_SIZE + size);
        if (answered != CONFIG_HEADER_SIZE + size) {
            return Optional.empty();
        }
        return Optional.of(channel.payload(CONFIG_HEADER_SIZE, size).toArray(JAVA_BYTE));
    }

    @Override
    public void start(DriverMemory memory, List<DriverQueue> queues) throws BackendException {
        channel.setLong(0, features);
        channel.tell("SET_FEATURES", SET_FEATURES, Long.BYTES);
        channel.setInt(0, 1);
        channel.setInt(4, 0);
        channel.setLong(8, memory.guestAddress(0));
        channel.setLong(16, memory.size());
        channel.setLong(24, memory.userAddress(0));
        channel.setLong(32, memory.descriptorOffset());
        channel.tell("SET_MEM_TABLE", SET_MEM_TABLE, 40, memory.descriptor());
        for (int i = 0; i < queues.size(); i++) {
            start(i, memory, queues.get(i));
        }
    }

    private void start(int index, DriverMemory memory, DriverQueue queue) throws BackendException {
        DriverRing ring = queue.ring();
        tellState("SET_VRING_NUM", SET_VRING_NUM, index, ring.size());
        tellState("SET_VRING_BASE", SET_VRING_BASE, index, ring.base());
        channel.setInt(0, index);
        channel.setInt(4, 0);
        channel.setLong(8, memory.userAddress(queue.offset() + ring.descriptorsOffset()));
        channel.setLong(16, memory.userAddress(queue.offset() + ring.deviceOffset()));
        channel.setLong(24, memory.userAddress(queue.offset() + ring.driverOffset()));
        channel.setLong(32, 0);
        channel.tell("SET_VRING_ADDR", SET_VRING_ADDR, 40);
        channel.setLong(0, index);
        channel.tell("SET_VRING_CALL", SET_VRING_CALL, Long.BYTES, queue.call().number());
        channel.setLong(0, index);
        channel.tell("SET_VRING_KICK", SET_VRING_KICK, Long.BYTES, queue.kick().number());
        if ((features & F_PROTOCOL_FEATURES) != 0) {
            tellState("SET_VRING_ENABLE", SET_VRING_ENABLE, index, 1);
        }
    }

    private void tellState(String what, int request, int index, int value) throws BackendException {
        channel.setInt(0, index);
        channel.setInt(4, value);
        channel.tell(what, request, 8);
    }

    @Override
    public synchronized void close() {
        channel.close();
        if (requests != null) {
            requests.close();
        }
        if (window != null) {
            window.close();
        }
    }
}

package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.linux.Connection;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
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
 * <p>The order of messages is QEMU's. Every reply has a time limit, and everything a back-end says is checked, so it
 * can fail a call but neither hang nor crash this process. Set-up is for one thread; {@link #close()} for any.
 *
 * <p>CONFIGURE_MEM_SLOTS is not accepted: what is mapped in the window is in place when SHMEM_MAP is answered, and no
 * change of the memory table follows.
 */
public final class VhostUserFrontend implements VirtioTransport {
    private static final long KNOWN_FEATURES = ProtocolFeatures.MQ
            | ProtocolFeatures.REPLY_ACK
            | ProtocolFeatures.BACKEND_REQ
            | ProtocolFeatures.CONFIG
            | ProtocolFeatures.BACKEND_SEND_FD
            | ProtocolFeatures.SHMEM;

    /** What a back-end needs before it can ask us to map files. */
    private static final long WINDOW_FEATURES = ProtocolFeatures.SHMEM
            | ProtocolFeatures.BACKEND_REQ
            | ProtocolFeatures.BACKEND_SEND_FD
            | ProtocolFeatures.REPLY_ACK;

    /** The region that is asked for. */
    private static final int WINDOW = 0;

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
        return connect(connection, name, wanted, timeLimit);
    }

    /**
     * The same over a connection that there is already.
     *
     * @param connection owned by the front-end from now on, and closed if this fails
     * @param name what people call the device in messages
     */
    public static VhostUserFrontend connect(Connection connection, String name, long wanted, Duration timeLimit)
            throws IOException {
        FrontendChannel channel = new FrontendChannel(connection, name, timeLimit);
        try {
            return negotiate(channel, name, wanted);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    private static VhostUserFrontend negotiate(FrontendChannel channel, String name, long wanted) throws IOException {
        long offered = channel.askLong(FrontendRequest.GET_FEATURES);
        if ((offered & RingFeatures.VERSION_1) == 0) {
            throw new BackendException(name + " is not a virtio 1 device (its features are 0x"
                    + Long.toHexString(offered) + "); legacy devices are not supported");
        }
        long features = offered & (wanted | RingFeatures.VERSION_1 | ProtocolFeatures.FEATURE);
        long protocol = 0;
        if ((features & ProtocolFeatures.FEATURE) != 0) {
            protocol = channel.askLong(FrontendRequest.GET_PROTOCOL_FEATURES) & KNOWN_FEATURES;
            channel.setLong(0, protocol);
            channel.tell(FrontendRequest.SET_PROTOCOL_FEATURES, Long.BYTES);
        }
        if ((protocol & ProtocolFeatures.REPLY_ACK) != 0) {
            channel.acknowledgeAll();
        }
        int maxQueues = 1;
        if ((protocol & ProtocolFeatures.MQ) != 0) {
            long number = channel.askLong(FrontendRequest.GET_QUEUE_NUM);
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
            if ((protocol & ProtocolFeatures.BACKEND_REQ) != 0) {
                requests = openBackendChannel(channel, name, window);
            }
            channel.tell(FrontendRequest.SET_OWNER, 0);
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
        channel.ask(
                FrontendRequest.GET_SHMEM_CONFIG, 0, PayloadLayout.SHMEM_CONFIG_SIZE, PayloadLayout.SHMEM_CONFIG_SIZE);
        int regions = channel.getInt(PayloadLayout.SHMEM_COUNT);
        long size = channel.getLong(PayloadLayout.SHMEM_LENGTHS);
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
            channel.tell(FrontendRequest.SET_BACKEND_REQ_FD, 0, theirs.number());
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
        if ((protocolFeatures & ProtocolFeatures.CONFIG) == 0) {
            return Optional.empty();
        }
        if (size < 1 || size > PayloadLayout.CONFIG_MAX_SIZE) {
            throw new IllegalArgumentException(
                    "GET_CONFIG of " + size + " bytes; it takes 1 to " + PayloadLayout.CONFIG_MAX_SIZE);
        }
        channel.setInt(PayloadLayout.CONFIG_OFFSET, offset);
        channel.setInt(PayloadLayout.CONFIG_SIZE, size);
        channel.setInt(PayloadLayout.CONFIG_FLAGS, 0);
        channel.payload(PayloadLayout.CONFIG_BYTES, size).fill((byte) 0);
        int answered = channel.ask(
                FrontendRequest.GET_CONFIG, PayloadLayout.CONFIG_BYTES + size, 0, PayloadLayout.CONFIG_BYTES + size);
        if (answered != PayloadLayout.CONFIG_BYTES + size) {
            return Optional.empty();
        }
        return Optional.of(channel.payload(PayloadLayout.CONFIG_BYTES, size).toArray(JAVA_BYTE));
    }

    @Override
    public void start(DriverMemory memory, List<DriverQueue> queues) throws BackendException {
        channel.setLong(0, features);
        channel.tell(FrontendRequest.SET_FEATURES, Long.BYTES);
        channel.setLong(0, 0);
        channel.setInt(PayloadLayout.TABLE_COUNT, 1);
        int region = PayloadLayout.TABLE_REGIONS;
        channel.setLong(region + PayloadLayout.REGION_GUEST_ADDRESS, memory.guestAddress(0));
        channel.setLong(region + PayloadLayout.REGION_LENGTH, memory.size());
        channel.setLong(region + PayloadLayout.REGION_USER_ADDRESS, memory.userAddress(0));
        channel.setLong(region + PayloadLayout.REGION_MMAP_OFFSET, memory.descriptorOffset());
        channel.tell(FrontendRequest.SET_MEM_TABLE, region + PayloadLayout.REGION_SIZE, memory.descriptor());
        for (int i = 0; i < queues.size(); i++) {
            start(i, memory, queues.get(i));
        }
    }

    private void start(int index, DriverMemory memory, DriverQueue queue) throws BackendException {
        DriverRing ring = queue.ring();
        tellState(FrontendRequest.SET_VRING_NUM, index, ring.size());
        tellState(FrontendRequest.SET_VRING_BASE, index, ring.base());
        channel.setLong(0, 0);
        channel.setInt(PayloadLayout.VRING_INDEX, index);
        channel.setLong(PayloadLayout.VRING_DESCRIPTORS, memory.userAddress(queue.offset() + ring.descriptorsOffset()));
        channel.setLong(PayloadLayout.VRING_USED, memory.userAddress(queue.offset() + ring.deviceOffset()));
        channel.setLong(PayloadLayout.VRING_AVAILABLE, memory.userAddress(queue.offset() + ring.driverOffset()));
        channel.setLong(PayloadLayout.VRING_LOG, 0);
        channel.tell(FrontendRequest.SET_VRING_ADDR, PayloadLayout.VRING_ADDR_SIZE);
        channel.setLong(0, index);
        channel.tell(FrontendRequest.SET_VRING_CALL, Long.BYTES, queue.call().number());
        channel.setLong(0, index);
        channel.tell(FrontendRequest.SET_VRING_KICK, Long.BYTES, queue.kick().number());
        if ((features & ProtocolFeatures.FEATURE) != 0) {
            tellState(FrontendRequest.SET_VRING_ENABLE, index, 1);
        }
    }

    private void tellState(FrontendRequest request, int index, int value) throws BackendException {
        channel.setInt(PayloadLayout.VRING_INDEX, index);
        channel.setInt(PayloadLayout.VRING_NUMBER, value);
        channel.tell(request, PayloadLayout.VRING_STATE_SIZE);
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

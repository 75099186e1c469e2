package dev.oriel.vhostuser;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.Failure;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Teardown;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.socket.ProtocolViolation;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import dev.oriel.vhostuser.wire.VhostUserChannel;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.queue.Polling;
import dev.oriel.virtio.ring.RingFeatures;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The back-end end of one vhost-user connection: lets a front-end (a VMM) give a device to its guest.
 *
 * <p>{@link #run()} serves requests one by one on the calling thread; each queue has a thread of its own. When the
 * connection ends, for whatever reason, all queues are stopped and drained, the device is reset, and nothing of what
 * the front-end gave is left: no descriptor and no mapping.
 */
public final class VhostUserBackend implements ConnectionServer.Service {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.vhostuser");

    private static final long DONE = 0;

    /** The one shared memory region that is asked for by the back-end channel. */
    private static final int WINDOW = 0;

    /** Regions that are left to the front-end for RAM and other memory; QEMU aborts if there are too many in all. */
    private static final int OTHER_REGIONS = 29;

    private static final long REFUSED = 1;

    /**
     * What a back-end offers.
     *
     * @param maxQueueSize the most descriptors that a ring may have
     * @param offerConfig whether the front-end may read the configuration space; one that has its own warns about the
     *     offer
     * @param polling how long a queue looks at its ring before it sleeps
     */
    public record Options(int maxQueueSize, boolean offerConfig, Polling polling) {
        /** Rings of up to 1024 descriptors, the configuration space, and adaptive polling. */
        public static final Options DEFAULT = new Options(1024, true, Polling.AUTO);
    }

    private final String name;
    /** The connection, and the message that is served. */
    private final VhostUserChannel message;

    private final VirtioDevice device;
    private final Options options;
    private final long offeredFeatures;
    private final long offeredProtocol;

    private final GuestMemoryTable memory = new GuestMemoryTable();
    private final MemoryRequests memoryRequests = new MemoryRequests(memory, this::isShownInWindow);
    private final Vring[] vrings;
    private @Nullable Descriptor backendChannel;
    private @Nullable BackendChannel window;
    private long features;
    private long protocol;
    private long status;

    /**
     * Owns the connection from now on.
     *
     * @param name what the log calls it
     */
    public VhostUserBackend(String name, Connection connection, VirtioDevice device, Options options) {
        this.name = name;
        message = new VhostUserChannel(connection);
        this.device = device;
        this.options = options;
        offeredFeatures = device.deviceFeatures() | RingFeatures.ALL | ProtocolFeatures.FEATURE;
        offeredProtocol = ProtocolFeatures.MQ
                | ProtocolFeatures.REPLY_ACK
                | ProtocolFeatures.BACKEND_REQ
                | (options.offerConfig() ? ProtocolFeatures.CONFIG : 0)
                | ProtocolFeatures.BACKEND_SEND_FD
                | ProtocolFeatures.RESET_DEVICE
                | ProtocolFeatures.CONFIGURE_MEM_SLOTS
                | ProtocolFeatures.STATUS
                | (device.sharedMemoryRegionLength(WINDOW) > 0
                        ? ProtocolFeatures.SHMEM | ProtocolFeatures.GPA_ADDRESSES
                        : 0);
        vrings = new Vring[device.queueCount()];
    }

    /**
     * Serves the front-end until it goes, or {@link #close()} is called, or it sends nonsense: one line in the log says
     * which.
     */
    @Override
    public void run() {
        try {
            for (int i = 0; i < vrings.length; i++) {
                vrings[i] = new Vring(name, device, i, memory, options);
            }
            LOGGER.log(Level.DEBUG, "{0}: connected", name);
            while (message.receiveRequest()) {
                serve();
            }
            LOGGER.log(Level.DEBUG, "{0}: the front-end has gone", name);
        } catch (ProtocolViolation violation) {
            LOGGER.log(Level.ERROR, "{0}: connection ended, the front-end sent {1}", name, violation.getMessage());
        } catch (Refusal refusal) {
            LOGGER.log(Level.ERROR, "{0}: connection ended, cannot do {1}", name, refusal.getMessage());
        } catch (LinuxException failed) {
            LOGGER.log(Level.ERROR, "{0}: connection ended: {1}", name, failed.getMessage());
        } catch (RuntimeException | Error failed) {
            LOGGER.log(Level.ERROR, "{0}: connection ended: {1}", name, Failure.reason(failed));
            LOGGER.log(Level.DEBUG, "this is where", failed);
        } finally {
            release();
        }
    }

    /**
     * Back to the first day: nothing runs, nothing is in flight, nothing is open or mapped. One step that fails does
     * not stop the others.
     */
    private void release() {
        Teardown all = new Teardown();
        all.step(message.descriptors()::close); // those of a message that was refused do not wait for what follows
        all.step(this::restWindow);
        for (Vring vring : vrings) {
            if (vring != null) {
                all.step(vring::close);
            }
        }
        all.step(device::reset);
        all.step(() -> device.sharedMemoryRegion(WINDOW, null));
        all.step(memory::close);
        if (window != null) {
            all.step(window::close);
        }
        if (backendChannel != null) {
            all.step(backendChannel::close);
        }
        all.step(message::close);
        Throwable failed = all.failure();
        if (failed != null) {
            LOGGER.log(Level.ERROR, "{0}: something is left of the connection: {1}", name, Failure.reason(failed));
            LOGGER.log(Level.DEBUG, "this is where", failed);
        }
    }

    /** Ends the connection, from any thread; {@link #run()} returns once all queues have stopped. */
    @Override
    public void close() {
        message.connection().shutdown();
    }

    private void serve() throws ProtocolViolation, Refusal, LinuxException {
        FrontendRequest request = FrontendRequest.of(message.request());
        try {
            if (request == null) {
                throw new Refusal("the unknown request " + Integer.toUnsignedString(message.request()));
            }
            LOGGER.log(Level.TRACE, "{0}: {1}", name, request);
            request.check(message);
            if (!answer(request)) {
                change(request);
                if (wantsAcknowledgement()) {
                    message.reply(DONE);
                }
            }
        } catch (Refusal refusal) {
            if (!wantsAcknowledgement()) {
                throw refusal;
            }
            LOGGER.log(Level.WARNING, "{0}: cannot do {1}", name, refusal.getMessage());
            message.reply(REFUSED);
        }
    }

    /**
     * Asked after the request was served: user-mode Linux wants the very request acknowledged that negotiates
     * REPLY_ACK.
     */
    private boolean wantsAcknowledgement() {
        return message.needsReply() && has(ProtocolFeatures.REPLY_ACK);
    }

    /** Serves a request that has an answer of its own; false if it is not one of those. */
    private boolean answer(FrontendRequest request) throws Refusal, LinuxException {
        switch (request) {
            case GET_FEATURES -> message.reply(offeredFeatures);
            case GET_PROTOCOL_FEATURES -> message.reply(offeredProtocol);
            case GET_QUEUE_NUM -> message.reply((long) vrings.length);
            case GET_MAX_MEM_SLOTS -> message.reply((long) MemoryRequests.MAX_SLOTS);
            case GET_STATUS -> message.reply(status);
            case GET_CONFIG -> getConfig();
            case GET_SHMEM_CONFIG -> getShmemConfig();
            case GET_VRING_BASE -> {
                restWindow();
                message.setInt(PayloadLayout.VRING_NUMBER, queue(request).stop());
                message.reply(PayloadLayout.VRING_STATE_SIZE);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void change(FrontendRequest request) throws ProtocolViolation, Refusal {
        switch (request) {
            case SET_FEATURES -> setFeatures(message.getLong(0));
            case SET_PROTOCOL_FEATURES -> {
                protocol = accepted(request, message.getLong(0), offeredProtocol);
            }
            case SET_OWNER, RESET_OWNER -> {}
            case SET_MEM_TABLE -> {
                memoryRequests.setTable(message);
                memoryChanged(0);
            }
            case ADD_MEM_REG -> memoryChanged(memoryRequests.add(message));
            case REM_MEM_REG -> memoryRequests.remove(message);
            case SET_VRING_NUM -> queue(request).size(message.getInt(PayloadLayout.VRING_NUMBER));
            case SET_VRING_ADDR ->
                queue(request)
                        .addresses(
                                message.getLong(PayloadLayout.VRING_DESCRIPTORS),
                                message.getLong(PayloadLayout.VRING_AVAILABLE),
                                message.getLong(PayloadLayout.VRING_USED));
            case SET_VRING_BASE -> queue(request).base(message.getInt(PayloadLayout.VRING_NUMBER));
            case SET_VRING_ENABLE -> queue(request).enable(message.getInt(PayloadLayout.VRING_NUMBER) != 0);
            case SET_VRING_KICK -> {
                Vring vring = vring(request, vringIndex());
                if (!has(features, ProtocolFeatures.FEATURE)) {
                    vring.enable(true);
                }
                openWindow();
                vring.kick(eventDescriptor(request), features);
            }
            case SET_VRING_CALL -> vring(request, vringIndex()).call(eventDescriptor(request));
            case SET_VRING_ERR -> vring(request, vringIndex()).error(eventDescriptor(request));
            case SET_BACKEND_REQ_FD -> setBackendChannel(message.takeDescriptor());
            case SET_CONFIG -> refuseConfig();
            case SET_STATUS -> setStatus(message.getLong(0));
            case RESET_DEVICE -> resetDevice();
            default -> throw new Refusal("the request " + request);
        }
    }

    private boolean has(long protocolFeature) {
        return has(protocol, protocolFeature);
    }

    private static boolean has(long features, long feature) {
        return (features & feature) != 0;
    }

    private static long accepted(FrontendRequest request, long accepted, long offered) throws Refusal {
        if ((accepted & ~offered) != 0) {
            throw new Refusal("%s of 0x%x: 0x%x was not offered".formatted(request, accepted, accepted & ~offered));
        }
        return accepted;
    }

    private void setFeatures(long accepted) throws Refusal {
        features = accepted(FrontendRequest.SET_FEATURES, accepted, offeredFeatures);
        if (!has(features, ProtocolFeatures.FEATURE)) {
            for (Vring vring : vrings) {
                vring.enable(true);
            }
        }
    }

    private Vring vring(FrontendRequest request, int index) throws Refusal {
        if (index < 0 || index >= vrings.length) {
            throw new Refusal("%s of queue %s: there are %d queues"
                    .formatted(request, Integer.toUnsignedString(index), vrings.length));
        }
        return vrings[index];
    }

    /** The queue that a vring state or a vring address is about. */
    private Vring queue(FrontendRequest request) throws Refusal {
        return vring(request, message.getInt(PayloadLayout.VRING_INDEX));
    }

    /** The number of the queue that an eventfd is for. */
    private int vringIndex() {
        return (int) message.getLong(0) & PayloadLayout.VRING_INDEX_MASK;
    }

    /**
     * The eventfd of a message, or null if it says that there is none. What we signal may be a socket, as that of
     * user-mode Linux is.
     */
    private @Nullable Descriptor eventDescriptor(FrontendRequest request) throws ProtocolViolation, Refusal {
        boolean absent = (message.getLong(0) & PayloadLayout.VRING_NO_DESCRIPTOR) != 0;
        if (absent != (message.descriptors().count() == 0)) {
            throw new ProtocolViolation("%s with %d file descriptors, which does not go with its flags"
                    .formatted(request, message.descriptors().count()));
        }
        if (absent) {
            return null;
        }
        Descriptor descriptor = message.takeDescriptor();
        boolean signalled = request != FrontendRequest.SET_VRING_KICK;
        String kind = signalled && EventDescriptor.isSocket(descriptor.number())
                ? null
                : EventDescriptor.unblock(descriptor.number());
        if (kind != null) {
            descriptor.close();
            throw new Refusal(request + " with a file descriptor that is no eventfd but " + kind);
        }
        return descriptor;
    }

    /** The channel for requests of ours. Kept until a queue runs: a front-end may crash if it is asked before. */
    private void setBackendChannel(Descriptor channel) throws Refusal {
        if (!EventDescriptor.isSocket(channel.number())) {
            channel.close();
            throw new Refusal("SET_BACKEND_REQ_FD with a file descriptor that is no socket");
        }
        if (window != null) {
            channel.close();
            throw new Refusal("SET_BACKEND_REQ_FD: the DAX window is in use on the channel before");
        }
        if (backendChannel != null) {
            backendChannel.close();
        }
        backendChannel = channel;
    }

    /** A queue is about to run, and the front-end can fill the window from now on. */
    private void openWindow() throws Refusal {
        long length = device.sharedMemoryRegionLength(WINDOW);
        boolean spoken = has(ProtocolFeatures.SHMEM);
        // QEMU tells of each mapping by ADD_MEM_REG; a front-end that does not take memory slots maps before it answers
        boolean announced = spoken && has(ProtocolFeatures.CONFIGURE_MEM_SLOTS);
        if (backendChannel != null
                && length > 0
                && (spoken || has(ProtocolFeatures.GPA_ADDRESSES))
                && has(ProtocolFeatures.BACKEND_SEND_FD)
                && has(ProtocolFeatures.REPLY_ACK)) {
            Descriptor channel = backendChannel;
            backendChannel = null;
            try {
                window = new BackendChannel(
                        name, channel, WINDOW, length, MemoryRequests.MAX_SLOTS - OTHER_REGIONS, announced);
            } catch (LinuxException failed) {
                channel.close();
                throw new Refusal("the DAX window: " + failed.getMessage());
            }
            device.sharedMemoryRegion(WINDOW, window);
        }
        if (window != null) {
            window.resume();
        }
    }

    /** A queue is about to come to rest: it must not wait for the window meanwhile. */
    private void restWindow() {
        if (window != null) {
            window.interrupt();
        }
    }

    private boolean isShownInWindow(int fd) {
        return window != null && window.shows(fd);
    }

    private void memoryChanged(long length) {
        if (window != null) {
            window.memoryChanged(length);
        }
    }

    private void getShmemConfig() throws LinuxException {
        message.payload(0, PayloadLayout.SHMEM_CONFIG_SIZE).fill((byte) 0);
        long length = device.sharedMemoryRegionLength(WINDOW);
        message.setInt(PayloadLayout.SHMEM_COUNT, length > 0 ? 1 : 0);
        message.setLong(PayloadLayout.SHMEM_LENGTHS, length);
        message.reply(PayloadLayout.SHMEM_CONFIG_SIZE);
    }

    /** What lies behind the end of the device's own configuration is zeros; an answer without bytes is an error. */
    private void getConfig() throws LinuxException {
        int offset = message.getInt(PayloadLayout.CONFIG_OFFSET);
        int size = message.getInt(PayloadLayout.CONFIG_SIZE);
        int most = PayloadLayout.CONFIG_MAX_SIZE;
        if (offset < 0 || size < 0 || offset > most || size > most - offset) {
            message.setInt(PayloadLayout.CONFIG_SIZE, 0);
            message.reply(PayloadLayout.CONFIG_BYTES);
            return;
        }
        MemorySegment bytes = message.payload(PayloadLayout.CONFIG_BYTES, size);
        bytes.fill((byte) 0);
        int known = Math.min(size, device.configSize() - offset);
        if (known > 0) {
            device.readConfig(offset, bytes.asSlice(0, known));
        }
        message.reply(PayloadLayout.CONFIG_BYTES + size);
    }

    /** A guest may try to write what is read-only; that must not cost the front-end its device. */
    private void refuseConfig() throws Refusal {
        String what = "SET_CONFIG at offset " + Integer.toUnsignedString(message.getInt(PayloadLayout.CONFIG_OFFSET))
                + ": it is read-only";
        if (wantsAcknowledgement()) {
            throw new Refusal(what);
        }
        LOGGER.log(Level.WARNING, "{0}: ignored {1}", name, what);
    }

    private void setStatus(long next) {
        status = next & 0xff;
        if (status == 0) {
            resetDevice();
        }
    }

    /** All queues stop and are disabled; memory, eventfds and what was negotiated stay. */
    private void resetDevice() {
        restWindow();
        for (Vring vring : vrings) {
            vring.stop();
            vring.enable(false);
        }
        status = 0;
        device.reset();
    }

    /** What the log calls it. */
    @Override
    public String toString() {
        return name;
    }
}

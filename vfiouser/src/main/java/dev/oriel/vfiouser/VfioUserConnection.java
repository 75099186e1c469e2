package dev.oriel.vfiouser;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.bus.BusFeatures;
import dev.oriel.bus.pci.PciFunction;
import dev.oriel.linux.Connection;
import dev.oriel.linux.Errno;
import dev.oriel.linux.Failure;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.Poll;
import dev.oriel.linux.Teardown;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.socket.ProtocolViolation;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.RegionMemory;
import dev.oriel.virtio.queue.Polling;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server's end of one vfio-user connection: gives a client (a VMM) a PCI function with a virtio device in it.
 *
 * <p>{@link #run()} answers messages one by one on the calling thread, which waits for nothing else: a processor of the
 * guest stands still until it has its answer, and QEMU gives a device up whose answer is late. Queues, and the end of
 * what they have begun, have threads of their own. Only the answer to DEVICE_RESET waits for that end, as whoever gets
 * it goes on to use the guest's memory for something else.
 *
 * <p>A client cannot connect again, and QEMU aborts when a connection ends with something unread in it. So one that is
 * closed from this side first lets the device come to rest, answering meanwhile, then reads what is there to the end,
 * and only then closes. Nothing of what the client gave is left by then: no descriptor and no mapping.
 */
public final class VfioUserConnection implements ConnectionServer.Service {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.vfiouser");

    private static final int WINDOW = 0;
    private static final int MAJOR = 0;
    private static final byte[] CAPABILITIES = ("{\"capabilities\":{\"max_msg_fds\":" + Message.MAX_DESCRIPTORS
                    + ",\"max_data_xfer_size\":" + Message.MAX_DATA + "}}\0")
            .getBytes(US_ASCII);

    private static final int INFO_RESET = 1;
    private static final int INFO_PCI = 2;

    /** So long a reset may take, and QEMU still has its answer within the 5 seconds that it waits by default. */
    private static final long RESET_MILLIS = 4_000;

    /** How often to look after those whom the device waits for. */
    private static final int LOOK_MILLIS = 100;

    private static final int SOCKET = 0;
    private static final int WAKE = 1;

    private final String name;
    private final Connection connection;
    private final Message message;
    private final VirtioDevice device;
    private final int maxQueueSize;
    private final Polling polling;
    private final GuestMemoryTable memory = new GuestMemoryTable();
    private final Poll poll = new Poll(2);
    private final Farewell farewell = new Farewell();

    private @Nullable RegionMemory window;
    private boolean negotiated;
    private boolean toldOfMemory;

    /**
     * Owns the connection from now on.
     *
     * @param name what the log calls it
     * @param maxQueueSize the most descriptors that a ring may have, a power of two
     * @param polling how long a queue looks at its ring before it sleeps: each notification that the driver need not
     *     make saves it a round trip over the socket
     */
    public VfioUserConnection(
            String name, Connection connection, VirtioDevice device, int maxQueueSize, Polling polling) {
        this.name = name;
        this.connection = connection;
        message = new Message(connection);
        this.device = device;
        this.maxQueueSize = maxQueueSize;
        this.polling = polling;
    }

    /**
     * Serves the client until it goes, or {@link #close()} is called, or it sends nonsense: one line in the log says
     * which.
     */
    @Override
    public void run() {
        try {
            farewell.open();
            long length = device.sharedMemoryRegionLength(WINDOW);
            window = length == 0 ? null : new RegionMemory(length);
            try (PciFunction function =
                    new PciFunction(name, device, memory, maxQueueSize, BusFeatures.ACCESS_PLATFORM, window)) {
                function.polling(polling);
                LOGGER.log(Level.DEBUG, "{0}: connected", name);
                try {
                    serve(function);
                } finally {
                    // before anything is waited for: the client shall know at once
                    connection.finish();
                }
            }
        } catch (ProtocolViolation violation) {
            LOGGER.log(Level.ERROR, "{0}: connection ended, the client sent {1}", name, violation.getMessage());
        } catch (LinuxException failed) {
            LOGGER.log(Level.ERROR, "{0}: connection ended: {1}", name, failed.getMessage());
        } catch (RuntimeException | Error failed) {
            LOGGER.log(Level.ERROR, "{0}: connection ended: {1}", name, Failure.reason(failed));
            LOGGER.log(Level.DEBUG, "this is where", failed);
        } finally {
            release();
        }
    }

    /** What the function was made of is not needed any more. One step that fails does not stop the others. */
    private void release() {
        Teardown all = new Teardown();
        all.step(memory::close);
        if (window != null) {
            all.step(window::close);
        }
        // there may not have been enough to serve it at all
        all.step(connection::finish);
        all.step(message::close);
        all.step(farewell::close);
        Throwable failed = all.failure();
        if (failed != null) {
            LOGGER.log(Level.ERROR, "{0}: something is left of the connection: {1}", name, Failure.reason(failed));
            LOGGER.log(Level.DEBUG, "this is where", failed);
        }
    }

    /** Ends the connection, from any thread; {@link #run()} returns once the device has come to rest. */
    @Override
    public void close() {
        farewell.ask();
    }

    private void serve(PciFunction function) throws ProtocolViolation, LinuxException {
        DmaRegions dma = new DmaRegions(memory, window, function::regionAddress);
        Regions regions = new Regions(function);
        Interrupts interrupts = new Interrupts(function);
        while (awaitMessage(function)) {
            if (!message.receive()) {
                LOGGER.log(Level.DEBUG, "{0}: the client has gone", name);
                return;
            }
            ClientCommand command = ClientCommand.of(message.command());
            try {
                if (command == null) {
                    throw new Refusal(Errno.ENOSYS, "the unknown command " + message.command());
                }
                if (LOGGER.isLoggable(Level.TRACE)) {
                    LOGGER.log(Level.TRACE, "{0}: {1}", name, command);
                }
                command.check(message);
                if (negotiated == (command == ClientCommand.VERSION)) {
                    throw new ProtocolViolation(negotiated ? "VERSION twice" : command + " before VERSION");
                }
                switch (command) {
                    case VERSION -> version();
                    case DMA_MAP -> {
                        dma.map(message);
                        message.reply(0);
                    }
                    case DMA_UNMAP -> {
                        dma.unmap(message);
                        message.reply(message.size());
                    }
                    case DEVICE_GET_INFO -> info();
                    case DEVICE_GET_REGION_INFO -> regions.info(message);
                    case DEVICE_GET_IRQ_INFO -> {
                        interrupts.info(message);
                        message.reply(message.size());
                    }
                    case DEVICE_SET_IRQS -> {
                        interrupts.set(message);
                        message.reply(0);
                    }
                    case REGION_READ -> regions.read(message);
                    case REGION_WRITE -> {
                        regions.write(message);
                        tellOfMemory(function, dma);
                    }
                    case DEVICE_RESET -> {
                        reset(function);
                        message.reply(0);
                    }
                }
            } catch (Refusal refusal) {
                LOGGER.log(Level.WARNING, "{0}: cannot do {1}", name, refusal.getMessage());
                message.replyError(refusal.errno());
            }
        }
    }

    /** Resets, and waits until nothing reads or writes the guest's memory any more. */
    private void reset(PciFunction function) {
        CountDownLatch done = new CountDownLatch(1);
        function.reset(done::countDown);
        try {
            for (long left = RESET_MILLIS; !done.await(LOOK_MILLIS, TimeUnit.MILLISECONDS); left -= LOOK_MILLIS) {
                function.releaseInterrupts();
                if (left <= 0) {
                    LOGGER.log(
                            Level.WARNING,
                            "{0}: reset, but requests of before still wait for their files, and read and write the guest's"
                                    + " memory when those answer",
                            name);
                    return;
                }
            }
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits until there is something to receive; false if the connection is to end, and everything that came was
     * answered.
     */
    private boolean awaitMessage(PciFunction function) throws LinuxException {
        while (true) {
            boolean over = farewell.over();
            poll.set(SOCKET, connection.number(), Poll.POLLIN);
            poll.set(WAKE, over ? -1 : farewell.number(), Poll.POLLIN);
            int ready = poll.await(over ? 0 : farewell.begun() ? LOOK_MILLIS : Poll.FOREVER);
            if (ready < 0 && ready != -Errno.EINTR) {
                throw new LinuxException("wait for a vfio-user message", -ready);
            }
            if (ready > 0 && poll.events(WAKE) != 0 && farewell.begins()) {
                function.reset(farewell::atRest);
            }
            if (ready > 0 && poll.events(SOCKET) != 0 && !farewell.tooLong()) {
                return true;
            }
            if (over) {
                return false;
            }
            if (ready == 0) {
                function.releaseInterrupts();
            }
        }
    }

    private void version() throws Refusal, LinuxException, ProtocolViolation {
        int major = message.getShort(0);
        if (major != MAJOR) {
            throw new Refusal(Errno.EINVAL, "VERSION " + major + "." + message.getShort(2) + ": this is version 0.0");
        }
        negotiated = true;
        message.setShort(2, 0);
        MemorySegment.copy(
                MemorySegment.ofArray(CAPABILITIES),
                0,
                message.payload(4, CAPABILITIES.length),
                0,
                CAPABILITIES.length);
        message.reply(4 + CAPABILITIES.length);
    }

    /** DEVICE_GET_INFO { argsz, flags, regions, kinds of interrupts }. */
    private void info() throws LinuxException, ProtocolViolation {
        message.setInt(0, 16);
        message.setInt(4, INFO_RESET | INFO_PCI);
        message.setInt(8, Regions.COUNT);
        message.setInt(12, Interrupts.KINDS);
        message.reply(16);
    }

    /** The one mistake that people make: QEMU has memory of its own, and says nothing. */
    private void tellOfMemory(PciFunction function, DmaRegions dma) {
        if (!toldOfMemory && function.needsReset() && dma.lacksMemory()) {
            toldOfMemory = true;
            LOGGER.log(
                    Level.ERROR,
                    "{0}: the guest has memory that this process cannot see. Give QEMU"
                            + " -object memory-backend-memfd,id=mem,share=on,size=... and -numa node,memdev=mem",
                    name);
        }
    }
}

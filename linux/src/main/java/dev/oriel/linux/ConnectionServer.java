package dev.oriel.vhostuser;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.VirtioDevice;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Serves a device to front-ends that connect to a socket: to each its own device, to several at once, one after another for ever. A
 * front-end that sends nonsense, or nothing, costs the others nothing.
 */
public final class VhostUserServer implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.vhostuser");

    private static final long RETRY_MILLIS = 100;

    private final UnixSocket socket;
    private final Supplier<? extends VirtioDevice> devices;
    private final VhostUserBackend.Options options;
    private final int maxConnections;

    // Guarded by this.
    private final Map<VhostUserBackend, Thread> connections = new HashMap<>();
    private boolean closed;

    /**
     * @param socket where front-ends connect; owned by the server
     * @param devices makes a device for each connection
     * @param maxConnections so many at once; more are turned away
     */
    public VhostUserServer(
            UnixSocket socket,
            Supplier<? extends VirtioDevice> devices,
            VhostUserBackend.Options options,
            int maxConnections) {
        this.socket = socket;
        this.devices = devices;
        this.options = options;
        this.maxConnections = maxConnections;
    }

    /**
     * Accepts connections on the calling thread until {@link #close()} is called.
     *
     * @throws LinuxException if the socket fails
     */
    public void run() throws LinuxException {
        long number = 0;
        while (true) {
            try {
                Connection connection = socket.accept();
                if (connection == null) {
                    return;
                }
                number++;
                begin("connection " + number, connection);
            } catch (LinuxException failed) {
                if (failed.errno() != Errno.EMFILE && failed.errno() != Errno.ENFILE) {
                    throw failed;
                }
                LOGGER.log(Level.ERROR, "{0}: it has to wait until another has gone", failed.getMessage());
                pause();
            }
        }
    }

    /** A connection that cannot be accepted stays in the queue of the socket, which is ready for as long. */
    private static void pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void begin(String name, Connection connection) {
        if (closed || connections.size() >= maxConnections) {
            LOGGER.log(
                    Level.WARNING,
                    "{0}: turned away, as {1} front-ends are connected already and no more are allowed",
                    name,
                    connections.size());
            connection.close();
            return;
        }
        VhostUserBackend backend = new VhostUserBackend(name, connection, devices.get(), options);
        Thread thread = Thread.ofPlatform().name(name).daemon().unstarted(() -> {
            try {
                backend.run();
            } finally {
                end(backend);
            }
        });
        connections.put(backend, thread);
        thread.start();
    }

    private synchronized void end(VhostUserBackend backend) {
        connections.remove(backend);
    }

    /** How many front-ends are connected. */
    public synchronized int connections() {
        return connections.size();
    }

    /** Closes the socket, ends all connections, and waits until nothing of them is left. */
    @Override
    public void close() {
        socket.close();
        List<Thread> threads = new ArrayList<>();
        synchronized (this) {
            closed = true;
            connections.forEach((backend, thread) -> {
                backend.close();
                threads.add(thread);
            });
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException now) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.oriel.linux;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Serves those who connect to a socket: each on a thread of its own, several at once, one after another for ever. One that sends
 * nonsense, or nothing, costs the others nothing.
 */
public final class ConnectionServer implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.linux");

    private static final long RETRY_MILLIS = 100;

    /** What serves one connection, which it owns. */
    public interface Service extends AutoCloseable {
        /** Serves until the other side goes, sends nonsense, or {@link #close} is called; nothing is left of it then. */
        void run();

        /** Ends {@link #run()} soon, from any thread; does not wait for it. */
        @Override
        void close();
    }

    private final UnixSocket socket;
    private final BiFunction<String, Connection, ? extends Service> services;
    private final int maxConnections;

    // Guarded by this.
    private final Map<Service, Thread> connections = new HashMap<>();
    private boolean closed;

    /**
     * @param socket where the others connect; owned by the server
     * @param services makes what serves a connection, given the name that the log has for it
     * @param maxConnections so many at once; more are turned away
     */
    public ConnectionServer(
            UnixSocket socket, BiFunction<String, Connection, ? extends Service> services, int maxConnections) {
        this.socket = socket;
        this.services = services;
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
                    "{0}: turned away, as {1} are connected already and no more are allowed",
                    name,
                    connections.size());
            connection.finish();
            connection.close();
            return;
        }
        Service service = services.apply(name, connection);
        Thread thread = Thread.ofPlatform().name(name).daemon().unstarted(() -> {
            try {
                service.run();
            } finally {
                end(service);
            }
        });
        connections.put(service, thread);
        thread.start();
    }

    private synchronized void end(Service service) {
        connections.remove(service);
    }

    /** How many are connected. */
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
            connections.forEach((service, thread) -> {
                service.close();
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

package dev.oriel.socket;

import dev.oriel.linux.Connection;
import dev.oriel.linux.Errno;
import dev.oriel.linux.Failure;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Serves those who connect to a socket: each on a thread of its own, several at once, one after another for ever. One
 * that sends nonsense, or nothing, or for which there is no memory and no thread, costs the others nothing.
 */
public final class ConnectionServer implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.oriel.socket");

    private static final long RETRY_MILLIS = 100;

    /** When {@link #close} says which connections hold it up, and when it gives them up, in milliseconds. */
    private static final long PATIENCE_MILLIS = 5_000;

    private static final long LAST_PATIENCE_MILLIS = 30_000;

    /** What serves one connection, which it owns. Before it runs, it has nothing else to close. */
    public interface Service extends AutoCloseable {
        /**
         * Serves until the other side goes, sends nonsense, or {@link #close} is called; nothing is left of it then.
         */
        void run();

        /** Ends {@link #run()} soon, from any thread; does not wait for it. */
        @Override
        void close();
    }

    private final String name;
    private final UnixSocket socket;
    private final BiFunction<String, Connection, ? extends Service> services;
    private final int maxConnections;
    private final ThreadFactory threads;
    private final long patienceMillis;
    private final long lastPatienceMillis;

    // Guarded by this.
    private final Map<Service, Thread> connections = new HashMap<>();
    private boolean closed;
    private boolean endsWithLast;

    /**
     * @param socket where the others connect; owned by the server
     * @param services makes what serves a connection, given the name that the log has for it
     * @param maxConnections so many at once; more are turned away
     */
    public ConnectionServer(
            UnixSocket socket, BiFunction<String, Connection, ? extends Service> services, int maxConnections) {
        this("connection", socket, services, maxConnections);
    }

    /**
     * @param name what the log calls a connection, before its number
     * @param socket where the others connect; owned by the server
     * @param services makes what serves a connection, given the name that the log has for it
     * @param maxConnections so many at once; more are turned away
     */
    public ConnectionServer(
            String name,
            UnixSocket socket,
            BiFunction<String, Connection, ? extends Service> services,
            int maxConnections) {
        this(
                name,
                socket,
                services,
                maxConnections,
                Thread.ofPlatform().daemon().factory(),
                PATIENCE_MILLIS,
                LAST_PATIENCE_MILLIS);
    }

    /**
     * @param threads makes the thread of a connection; a test lets it fail
     * @param patienceMillis when {@link #close} names whom it waits for; less in a test
     * @param lastPatienceMillis when it gives them up
     */
    ConnectionServer(
            String name,
            UnixSocket socket,
            BiFunction<String, Connection, ? extends Service> services,
            int maxConnections,
            ThreadFactory threads,
            long patienceMillis,
            long lastPatienceMillis) {
        this.name = name;
        this.socket = socket;
        this.threads = threads;
        this.patienceMillis = patienceMillis;
        this.lastPatienceMillis = lastPatienceMillis;
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
                begin(name + " " + number, connection);
            } catch (LinuxException failed) {
                if (!passes(failed.errno())) {
                    throw failed;
                }
                wait(failed);
            } catch (OutOfMemoryError spent) {
                wait(spent);
            }
        }
    }

    /**
     * As {@link #run()}, until the last of those who have connected has gone.
     *
     * @throws LinuxException if the socket fails
     */
    public void runUntilLastHasGone() throws LinuxException {
        synchronized (this) {
            endsWithLast = true;
        }
        run();
    }

    /** Whether what accept(2) lacks comes back when another connection has gone. */
    private static boolean passes(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOMEM || errno == Errno.ENOBUFS;
    }

    private static void wait(Throwable failed) {
        LOGGER.log(
                Level.ERROR,
                "a connection could not be accepted and has to wait until another has gone: {0}",
                Failure.reason(failed));
        pause();
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
            turnAway(connection);
            return;
        }
        @Nullable Service service = null;
        boolean begun = false;
        try {
            service = services.apply(name, connection);
            Thread thread = threads.newThread(serving(name, service, connection));
            thread.setName(name);
            connections.put(service, thread);
            thread.start();
            begun = true;
        } catch (RuntimeException | Error failed) {
            LOGGER.log(Level.ERROR, "{0}: turned away: {1}", name, Failure.reason(failed));
            LOGGER.log(Level.DEBUG, "this is where", failed);
        } finally {
            if (!begun) {
                connections.remove(service);
                turnAway(connection);
            }
        }
    }

    private static void turnAway(Connection connection) {
        try {
            connection.finish();
        } finally {
            connection.close();
        }
    }

    private Runnable serving(String name, Service service, Connection connection) {
        return () -> {
            try {
                service.run();
            } catch (RuntimeException | Error failed) {
                LOGGER.log(Level.ERROR, "{0}: connection ended: {1}", name, Failure.reason(failed));
                LOGGER.log(Level.DEBUG, "this is where", failed);
            } finally {
                connection.close();
                end(service);
            }
        };
    }

    private synchronized void end(Service service) {
        connections.remove(service);
        if (endsWithLast && connections.isEmpty()) {
            closed = true;
            socket.close();
        }
    }

    /** How many are connected. */
    public synchronized int connections() {
        return connections.size();
    }

    /**
     * Closes the socket, ends all connections, and waits until nothing of them is left. One that does not end, as its
     * files do not answer, is named in the log after {@value #PATIENCE_MILLIS} ms and given up after
     * {@value #LAST_PATIENCE_MILLIS} ms.
     */
    @Override
    public void close() {
        socket.close();
        Map<Service, Thread> ending;
        synchronized (this) {
            closed = true;
            ending = new LinkedHashMap<>(connections);
        }
        ending.keySet().forEach(Service::close);
        long begun = System.nanoTime();
        if (!join(ending, begun, patienceMillis)) {
            LOGGER.log(Level.WARNING, "waits for {0}", names(ending));
            if (!join(ending, begun, lastPatienceMillis)) {
                LOGGER.log(
                        Level.ERROR,
                        "gives up {0}: not ended after {1} s, what its guest wrote last may not be in its files",
                        names(ending),
                        TimeUnit.MILLISECONDS.toSeconds(lastPatienceMillis));
            }
        }
    }

    /** Waits until all have ended, or so long since {@code begun}. Keeps those that have not. */
    private static boolean join(Map<Service, Thread> ending, long begun, long millis) {
        boolean interrupted = false;
        for (Thread thread : ending.values()) {
            long left = TimeUnit.MILLISECONDS.toNanos(millis) - (System.nanoTime() - begun);
            while (thread.isAlive() && left > 0) {
                try {
                    TimeUnit.NANOSECONDS.timedJoin(thread, left);
                } catch (InterruptedException now) {
                    interrupted = true;
                }
                left = TimeUnit.MILLISECONDS.toNanos(millis) - (System.nanoTime() - begun);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        ending.values().removeIf(thread -> !thread.isAlive());
        return ending.isEmpty();
    }

    private static String names(Map<Service, Thread> ending) {
        return String.join(", ", ending.values().stream().map(Thread::getName).toList());
    }
}

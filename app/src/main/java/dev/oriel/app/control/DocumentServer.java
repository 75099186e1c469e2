package dev.oriel.app.control;

import dev.oriel.linux.Failure;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import java.util.Map;

/**
 * Answers with documents on a UNIX socket, by HTTP: each connection asks once. It serves a few at once, each for a few
 * seconds at most, whatever they send or do not read; so nobody holds up the next for long, and no guest notices.
 */
public final class DocumentServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.oriel.app");

    private static final int MOST_CONNECTIONS = 8;

    private final String name;
    private final ConnectionServer connections;

    /**
     * Answers once it is started.
     *
     * @param name what the log calls a connection
     * @param socket where others connect; owned by the server
     * @param documents by their paths
     */
    public DocumentServer(String name, UnixSocket socket, Map<String, Document> documents) {
        this.name = name;
        Object writing = new Object();
        connections = new ConnectionServer(
                name,
                socket,
                (_, connection) -> new DocumentExchange(connection, documents, writing),
                MOST_CONNECTIONS);
    }

    /** Begins to answer, on threads that have what the calling thread may. */
    public void start() {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                connections.run();
            } catch (LinuxException | RuntimeException | Error failed) {
                LOG.log(System.Logger.Level.ERROR, "{0} answers no longer: {1}", name, Failure.reason(failed));
            }
        });
    }

    /** Removes the socket and ends what is under way. */
    @Override
    public void close() {
        connections.close();
    }
}

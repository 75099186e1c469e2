package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Program;
import dev.oriel.app.control.DocumentServer;
import dev.oriel.app.control.Guests;
import dev.oriel.app.control.ServerDescription;
import dev.oriel.app.practice.Practice;
import dev.oriel.device.DaxOptions;
import dev.oriel.device.VirtioFsDevice;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.Connection;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vfiouser.VfioUserConnection;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;

/** A share on its socket, from listening to the end. */
final class Server implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.oriel.app");

    /** For what is said of each connection: a front-end that comes again and again must not fill the log. */
    private static final System.Logger CONNECTIONS = System.getLogger("dev.oriel.app.connection");

    /** Virtual machines at once; what bounds them in truth is memory and descriptors. */
    static final int MOST_CONNECTIONS = 64;

    /**
     * What virtiofsd logs once front-ends can connect, word for word: Kata's runtimes start the virtual machine when
     * they have read it.
     */
    private static final String WAITING = "Waiting for vhost-user socket connection...";

    private final FileSystem fileSystem;
    private final boolean readOnly;
    private final Practice practice;
    private final ConnectionServer frontEnds;
    private final Guests guests = new Guests();
    private volatile List<DocumentServer> documents = List.of();

    private Server(
            FileSystem fileSystem, boolean readOnly, UnixSocket socket, ShareOptions options, Practice practice) {
        this.fileSystem = fileSystem;
        this.readOnly = readOnly;
        this.practice = practice;
        frontEnds =
                new ConnectionServer(socket, (name, connection) -> serve(name, connection, options), MOST_CONNECTIONS);
    }

    private ConnectionServer.Service serve(String name, Connection connection, ShareOptions options) {
        return switch (options.protocol()) {
            case VHOST_USER -> {
                VirtioFsDevice device = device(options, window(name, options));
                yield guests.watched(
                        name,
                        connection.peer(),
                        device.statistics(),
                        new VhostUserBackend(name, connection, device, offer(options)));
            }
            case VFIO_USER -> {
                VirtioFsDevice device = device(options, options.dax());
                yield guests.watched(
                        name,
                        connection.peer(),
                        device.statistics(),
                        new VfioUserConnection(name, connection, device, options.queueSize(), options.polling()));
            }
        };
    }

    private VirtioFsDevice device(ShareOptions options, @Nullable DaxOptions dax) {
        return new VirtioFsDevice(
                this::begin, options.advisedTag(), options.requestQueues(), options.threadPoolSize(), dax);
    }

    /** A guest is there when it mounts: its machine connects at once, and boots for a second then. */
    private FileSystemSession begin(long offered) {
        practice.end();
        return fileSystem.begin(offered);
    }

    private @Nullable DaxOptions window(String name, ShareOptions options) {
        DaxOptions chosen = window(options, readOnly, frontEnds.connections());
        if (!Objects.equals(chosen, options.dax())) {
            CONNECTIONS.log(
                    System.Logger.Level.INFO,
                    "{0}: its DAX window is staged, as others are connected: a file that one of them truncates would end a"
                            + " virtual machine that has it mapped (docs/dax.md)",
                    name);
        }
        return chosen;
    }

    /** The window of one more virtual machine beside {@code others} on the same share. */
    static @Nullable DaxOptions window(ShareOptions options, boolean readOnly, int others) {
        DaxOptions dax = options.dax();
        return dax != null && dax.direct() && options.daxByItself() && !readOnly && others > 0 ? dax.staged() : dax;
    }

    static VhostUserBackend.Options offer(ShareOptions options) {
        return new VhostUserBackend.Options(
                options.queueSize(), options.tag() != null || options.dax() != null, options.polling());
    }

    /**
     * Serves until a signal ends the process, with status 0, or as virtiofsd until the last virtual machine has gone:
     * who starts that waits for its end.
     *
     * @param source what is shared
     * @param files the source as guests see it; closed in any case
     * @param privileges those that this thread has kept
     * @param confinement is complete before anybody is served
     * @param statistics where others see what the server does
     * @param practice is begun when virtual machines can connect; closed in any case
     * @param connects whether the log may have to be connected again
     * @param out gets the lines to paste; null: as virtiofsd
     * @return the exit status
     * @throws CommandFailed if it cannot serve, or no longer
     */
    static int run(
            ShareOptions options,
            Source source,
            FileSystem files,
            Privileges privileges,
            Confinement confinement,
            StatisticsOptions statistics,
            Practice practice,
            boolean connects,
            @Nullable PrintWriter out)
            throws CommandFailed {
        UnixSocket socket;
        try {
            socket = Host.listen(options);
        } catch (CommandFailed refused) {
            practice.close();
            files.close();
            throw refused;
        }
        Server server = new Server(files, source.readOnly(), socket, options, practice);
        // After SIGTERM the JVM would end with 143; for a server that was told to stop and did, that is no failure.
        Thread stop = new Thread(
                () -> {
                    privileges.dropOthersHere(); // what is still to be written back is subject to quotas too
                    int status = 1;
                    try {
                        server.close();
                        finishRecordings();
                        LOG.log(System.Logger.Level.INFO, "stopped");
                        status = 0;
                    } finally {
                        Runtime.getRuntime().halt(status);
                    }
                },
                "oriel-stop");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            server.documents = statistics.listen(server.description(source), server.guests);
            ServiceManager.tellReady(); // connections wait until they are accepted; the filter would not let it
            confinement.close(source, socketFolders(options, statistics), practice.folder(), connects);
            server.documents.forEach(DocumentServer::start); // their threads are behind the walls too
            if (out != null) {
                introduce(options, source, out);
            } else {
                LOG.log(System.Logger.Level.INFO, WAITING);
            }
            practice.start();
            if (out != null) {
                server.frontEnds.run();
            } else {
                server.frontEnds.runUntilLastHasGone();
            }
            return 0;
        } catch (LinuxException broken) {
            Runtime.getRuntime().removeShutdownHook(stop);
            server.close();
            throw new CommandFailed("can serve no longer: " + broken.getMessage(), broken);
        } catch (CommandFailed | RuntimeException | Error refused) {
            Runtime.getRuntime().removeShutdownHook(stop); // it would end the process with status 0
            server.close();
            throw refused;
        }
    }

    private static List<Path> socketFolders(ShareOptions options, StatisticsOptions statistics) {
        List<Path> folders = new ArrayList<>(statistics.folders());
        Path own = Host.socketFolder(options);
        if (own != null) {
            folders.add(own);
        }
        return folders;
    }

    private ServerDescription description(Source source) {
        return new ServerDescription(Program.VERSION, source.described(), readOnly, MOST_CONNECTIONS, Instant.now());
    }

    /** Java Flight Recorder does it at the end of the JVM, which halting does not wait for. */
    private static void finishRecordings() {
        if (FlightRecorder.isInitialized()) {
            for (Recording recording : FlightRecorder.getFlightRecorder().getRecordings()) {
                try {
                    if (recording.getState() == RecordingState.RUNNING) {
                        recording.stop();
                    }
                } catch (IllegalStateException ended) {
                    LOG.log(System.Logger.Level.DEBUG, "a recording has ended by itself", ended);
                }
            }
        }
    }

    private static void introduce(ShareOptions options, Source source, PrintWriter out) {
        out.println("Oriel " + Program.VERSION + " shares " + source.described()
                + (source.readOnly() ? " (read-only)" : " (read-write)"));
        if (options.socketPath() == null) {
            out.println(ServerProcess.LISTENING + "descriptor " + options.fd());
        } else {
            out.println(ServerProcess.LISTENING + options.socketPath());
            out.print(Introduction.text(options, options.socketPath().toAbsolutePath()));
        }
        out.flush();
    }

    /** Ends all connections, waits for their requests, and removes the socket. */
    @Override
    public void close() {
        practice.close();
        frontEnds.close();
        fileSystem.close();
        documents.forEach(DocumentServer::close); // what guests have written comes first
    }
}

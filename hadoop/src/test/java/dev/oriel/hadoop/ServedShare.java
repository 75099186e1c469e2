package dev.oriel.hadoop;

import dev.oriel.device.DaxOptions;
import dev.oriel.device.VirtioFsDevice;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.nio.VirtioFileSystemProvider;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A share on a socket, served in this process, and the driver that has mounted it. */
final class ServedShare implements AutoCloseable {
    private static final int SESSIONS = 4;

    /** A guest waits as long as it takes. */
    static final FuseClientOptions PATIENT = FuseClientOptions.DEFAULTS.withTimeLimit(Duration.ofMinutes(4));

    private final Path socket;
    private final FileSystem files;
    private final ConnectionServer server;

    private ServedShare(Path socket, FileSystem files, ConnectionServer server) {
        this.socket = socket;
        this.files = files;
        this.server = server;
    }

    static ServedShare of(Path folder, URI share, Map<String, String> options) throws IOException {
        return of(folder, share, options, null);
    }

    /** @param window the size of a DAX window, bytes; null: none */
    static ServedShare of(Path folder, URI share, Map<String, String> options, @Nullable Long window)
            throws IOException {
        FileSystem files =
                new HadoopShares().open(share, new ShareSettings(options, false, 64 << 20, SESSIONS, null, 64 << 20));
        Path socket = folder.resolve("share-" + System.nanoTime());
        DaxOptions dax = window == null ? null : new DaxOptions(window, false);
        ConnectionServer server = new ConnectionServer(
                UnixSocket.listen(socket, SESSIONS),
                (name, connection) -> new VhostUserBackend(
                        name,
                        connection,
                        new VirtioFsDevice(files, "share", 1, 4, dax),
                        VhostUserBackend.Options.DEFAULT),
                SESSIONS);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                server.run();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        return new ServedShare(socket, files, server);
    }

    Path socket() {
        return socket;
    }

    /** One more client. */
    java.nio.file.FileSystem mount() throws IOException {
        return FileSystems.newFileSystem(socket, Map.of(VirtioFileSystemProvider.OPTIONS, PATIENT));
    }

    @Override
    public void close() {
        server.close();
        files.close();
    }
}

package dev.oriel.guesttests;

import dev.oriel.device.DaxOptions;
import dev.oriel.device.VirtioFsDevice;
import dev.oriel.filesystem.path.PathFileSystem;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.IOException;
import java.nio.file.Path;

/** Serves a directory of any file system of the JVM. */
final class PathServer {
    private static final DaxOptions WINDOW = new DaxOptions(64 << 20, false);

    private PathServer() {}

    static ConnectionServer of(Path root, Path socket) throws IOException {
        PathFileSystem files = PathFileSystem.of(root);
        return new ConnectionServer(
                UnixSocket.listen(socket, 4),
                (name, connection) -> new VhostUserBackend(
                        name,
                        connection,
                        new VirtioFsDevice(files, "share", 1, 4, WINDOW),
                        VhostUserBackend.Options.DEFAULT),
                64);
    }
}

package dev.oriel.app.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixDatagram;
import java.nio.file.Path;

/**
 * The service manager that started this process, if it wants to be told (sd_notify(3): systemd's {@code Type=notify}).
 */
final class ServiceManager {
    private static final System.Logger LOG = System.getLogger("dev.oriel.app");
    private static final String SOCKET = "NOTIFY_SOCKET";
    private static final byte[] READY = "READY=1".getBytes(US_ASCII);

    private ServiceManager() {}

    /** Tells it that virtual machines can connect. Who cannot be told is not waited for: the log says why. */
    static void tellReady() {
        String socket = System.getenv(SOCKET);
        if (socket == null || !socket.startsWith("/")) {
            return;
        }
        try (UnixDatagram manager = UnixDatagram.connect(Path.of(socket))) {
            int error = manager.send(READY);
            if (error < 0) {
                throw new LinuxException("send to " + socket, -error);
            }
        } catch (LinuxException deaf) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}={1}: the service manager cannot be told that this server is ready: {2}",
                    SOCKET,
                    socket,
                    deaf.errno() == Errno.ENOENT ? "nobody listens there" : deaf.getMessage());
        }
    }
}

package dev.oriel.vhostuser;

import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.virtio.VirtioDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A server on a socket in a folder, and the thread that accepts for it. */
final class TestServer implements AutoCloseable {
    private final Path socket;
    private final ConnectionServer server;
    private final Thread thread;

    TestServer(Path folder, Supplier<? extends VirtioDevice> devices) throws LinuxException {
        this(folder, devices, 4);
    }

    TestServer(Path folder, Supplier<? extends VirtioDevice> devices, int maxConnections) throws LinuxException {
        socket = folder.resolve("device.sock");
        server = new ConnectionServer(
                UnixSocket.listen(socket, 16),
                (name, connection) ->
                        new VhostUserBackend(name, connection, devices.get(), VhostUserBackend.Options.DEFAULT),
                maxConnections);
        thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                server.run();
            } catch (IOException failed) {
                throw new IllegalStateException(failed);
            }
        });
    }

    TestFrontend connect() throws LinuxException {
        return new TestFrontend(socket);
    }

    /** Waits until nobody is connected and nothing of the connections is left. */
    void awaitIdle() throws InterruptedException {
        while (server.connections() > 0) {
            Thread.sleep(1);
        }
    }

    @Override
    public void close() {
        server.close();
        try {
            thread.join();
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.oriel.vfiouser;

import dev.oriel.linux.Connection;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.queue.Polling;

/** One connection that is served on a thread, and its client. */
final class TestServer implements AutoCloseable {
    final TestClient client;
    final VfioUserConnection connection;
    private final Thread thread;

    TestServer(VirtioDevice device) throws LinuxException {
        UnixSocket.Pair pair = UnixSocket.pair();
        Connection here = pair.first();
        client = new TestClient(here);
        connection = new VfioUserConnection("connection", pair.second(), device, 128, Polling.OFF);
        thread = Thread.ofPlatform().daemon().start(connection::run);
    }

    /** Waits until nothing of the connection is left. */
    void awaitEnd() {
        try {
            thread.join();
        } catch (InterruptedException now) {
            throw new AssertionError(now);
        }
    }

    boolean ended() {
        return !thread.isAlive();
    }

    @Override
    public void close() {
        client.shutdown();
        awaitEnd();
        client.close();
    }
}

package dev.oriel.app.practice;

import dev.oriel.linux.UnixSocket;
import dev.oriel.vhostuser.VhostUserBackend;
import dev.oriel.vhostuser.VhostUserFrontend;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.VirtioTransport;
import java.io.IOException;
import java.time.Duration;

/**
 * One connection to a device whose driver is this process too: as that of a virtual machine, but over a pair of sockets
 * that nobody else can reach.
 */
final class PractisedDevice implements AutoCloseable {
    private static final String NAME = "practice";

    private final VhostUserBackend backEnd;
    private final Thread thread;
    private final VhostUserFrontend frontEnd;

    /**
     * @param device owned by the caller
     * @param wanted features to accept if offered
     * @param limit how long one message may take
     */
    PractisedDevice(VirtioDevice device, VhostUserBackend.Options options, long wanted, Duration limit)
            throws IOException {
        UnixSocket.Pair sockets = UnixSocket.pair();
        backEnd = new VhostUserBackend(NAME, sockets.first(), device, options);
        thread = Thread.ofPlatform().name(NAME).daemon().unstarted(() -> {
            try {
                backEnd.run();
            } finally {
                sockets.first().close();
            }
        });
        try {
            thread.start();
        } catch (OutOfMemoryError none) {
            sockets.close();
            throw none;
        }
        try {
            frontEnd = VhostUserFrontend.connect(sockets.second(), NAME, wanted, limit);
        } catch (IOException | RuntimeException | Error failed) {
            end();
            throw failed;
        }
    }

    /** The driver's end, which {@link #close()} does not close. */
    VirtioTransport driverEnd() {
        return frontEnd;
    }

    private void end() {
        backEnd.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the device, and waits until nothing is left of it. */
    @Override
    public void close() {
        end();
    }
}

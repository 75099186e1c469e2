package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.linux.Connection;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.ReceivedDescriptors;
import dev.oriel.socket.ProtocolViolation;
import dev.oriel.vhostuser.wire.BackendRequest;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.VhostUserChannel;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The front-end's end of the back-end channel: a thread that does what the back-end asks, which is to map and unmap
 * files in the shared memory window. A request that cannot be done is refused and said in the log; what is no request
 * ends the channel.
 */
final class BackendRequests implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.oriel.vhostuser");

    private static final long END_NANOS = 10_000_000_000L;

    private final VhostUserChannel channel;
    private final String name;
    private final @Nullable SharedMemoryWindow window;
    private final Thread thread;

    /**
     * @param connection our end of the channel, owned by this object from now on
     * @param name of the back-end, for messages to people
     * @param window region 0 of the device; null if it has none
     */
    BackendRequests(Connection connection, String name, @Nullable SharedMemoryWindow window) {
        channel = new VhostUserChannel(connection);
        this.name = name;
        this.window = window;
        thread = Thread.ofPlatform().daemon().name("oriel-backend-requests").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (channel.receiveRequest()) {
                String refusal = answer();
                if (refusal != null) {
                    LOG.log(Level.WARNING, name + " asked for what cannot be: " + refusal);
                }
                channel.descriptors().close();
                if (channel.needsReply()) {
                    channel.reply(refusal == null ? 0L : 1L);
                }
            }
        } catch (ProtocolViolation violation) {
            LOG.log(
                    Level.WARNING,
                    name + " sent on the back-end channel " + violation.getMessage() + ": the channel is closed");
        } catch (LinuxException over) {
            LOG.log(Level.DEBUG, "the back-end channel of " + name + " ended", over);
        } finally {
            channel.descriptors().close();
            channel.connection().shutdown();
        }
    }

    /** Does what is asked: null, or why it cannot be. */
    private @Nullable String answer() {
        return switch (channel.request()) {
            case BackendRequest.CONFIG_CHANGE -> null;
            case BackendRequest.SHMEM_MAP -> mapping(true);
            case BackendRequest.SHMEM_UNMAP -> mapping(false);
            default -> "request " + channel.request() + " is not known here";
        };
    }

    private @Nullable String mapping(boolean map) {
        String what = map ? "SHMEM_MAP" : "SHMEM_UNMAP";
        if (window == null) {
            return what + " without a window";
        }
        if (channel.size() != PayloadLayout.MAPPING_SIZE) {
            return what + " of " + channel.size() + " bytes instead of " + PayloadLayout.MAPPING_SIZE;
        }
        int region = channel.payload(PayloadLayout.MAPPING_REGION, 1).get(JAVA_BYTE, 0) & 0xff;
        if (region != 0) {
            return what + " in region " + region + ", which does not exist";
        }
        long fileOffset = channel.getLong(PayloadLayout.MAPPING_FD_OFFSET);
        long offset = channel.getLong(PayloadLayout.MAPPING_OFFSET);
        long length = channel.getLong(PayloadLayout.MAPPING_LENGTH);
        boolean writable = (channel.getLong(PayloadLayout.MAPPING_FLAGS) & PayloadLayout.MAPPING_WRITABLE) != 0;
        DescriptorQueue descriptors = channel.descriptors();
        if (descriptors.count() != (map ? 1 : 0)) {
            return what + " with " + descriptors.count() + " file descriptors";
        }
        int result;
        if (map) {
            int fd = descriptors.take();
            // before anything else: whoever asks the file system of such a file for something may wait for ever
            String unsuitable = MemoryFile.unsuitable(fd);
            if (unsuitable != null) {
                ReceivedDescriptors.close(fd);
                return what + " of a file that must not be mapped: " + unsuitable;
            }
            result = window.map(fd, fileOffset, offset, length, writable);
            ReceivedDescriptors.close(fd);
        } else {
            result = window.unmap(offset, length);
        }
        return result == 0
                ? null
                : "%s of 0x%x bytes at 0x%x of a window of 0x%x, file offset 0x%x: %s"
                        .formatted(what, length, offset, window.length(), fileOffset, Errno.message(-result));
    }

    /** Ends the channel and its thread. One that does not end in time is said, and left with the channel. */
    @Override
    public void close() {
        channel.connection().shutdown();
        long deadline = System.nanoTime() + END_NANOS;
        boolean interrupted = false;
        while (thread.isAlive() && System.nanoTime() - deadline < 0) {
            try {
                boolean _ = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.log(
                    Level.WARNING,
                    "the thread that maps files for " + name + " does not end: what it maps does not answer");
        } else {
            channel.close();
        }
    }
}

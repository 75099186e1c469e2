package dev.oriel.app.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.device.DaxOptions;
import dev.oriel.virtio.queue.Polling;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a share is offered and as what device: the command line of {@code oriel serve} but for the file system, valid
 * as far as it can be without looking at the host.
 *
 * @param protocol what is spoken on the socket
 * @param socketPath where to make the socket; null if {@code fd} is given
 * @param fd a socket that listens already; null if {@code socketPath} is given
 * @param socketGroup the group that may connect to the socket; null: only the user
 * @param tag the mount tag that the device tells; null: the front-end names the share, and the device is not asked
 * @param polling how long a queue looks at its ring before it sleeps
 * @param threadPoolSize threads for requests that wait
 * @param rlimitNofile most descriptors of the process; 0: as it is; null: as many as sensible
 * @param dax the DAX window; null: none
 * @param daxByItself whether the window is direct where that does no harm, and staged otherwise
 */
public record ShareOptions(
        DeviceProtocol protocol,
        @Nullable Path socketPath,
        @Nullable Integer fd,
        @Nullable String socketGroup,
        @Nullable String tag,
        int requestQueues,
        int queueSize,
        Polling polling,
        int threadPoolSize,
        @Nullable Long rlimitNofile,
        @Nullable DaxOptions dax,
        boolean daxByItself) {

    /** The tag's room in {@code struct virtio_fs_config} (virtio 1.4, section 5.11.4). */
    public static final int MOST_TAG_BYTES = 36;

    /** Each queue has a thread. */
    static final int MOST_REQUEST_QUEUES = 64;

    /** What QEMU and the guest call a share that was given no tag. */
    static final String ADVISED_TAG = "oriel";

    /** {@code sockaddr_un.sun_path} has 108 bytes, the last one a NUL (unix(7)). */
    private static final int MOST_SOCKET_PATH_BYTES = 107;

    private static final int LARGEST_QUEUE = 32768;
    private static final int MOST_THREADS = 256;

    /** @throws IllegalArgumentException saying which option is wrong and what is valid */
    public ShareOptions {
        if (tag != null) {
            int bytes = tag.getBytes(UTF_8).length;
            if (bytes < 1 || bytes > MOST_TAG_BYTES) {
                throw new IllegalArgumentException(
                        "--tag '" + tag + "' has " + bytes + " bytes; a tag has 1 to " + MOST_TAG_BYTES);
            }
            if (tag.chars().anyMatch(c -> c < ' ')) {
                throw new IllegalArgumentException("--tag: a tag holds no line breaks and no control characters");
            }
        }
        if (socketPath != null) {
            int bytes = socketPath.toString().getBytes(UTF_8).length;
            if (bytes < 1 || bytes > MOST_SOCKET_PATH_BYTES) {
                throw new IllegalArgumentException(protocol.pathOption() + " " + socketPath + " has " + bytes
                        + " bytes; the path of a socket has 1 to " + MOST_SOCKET_PATH_BYTES
                        + " (a relative path or a symbolic link may be shorter)");
            }
        }
        inRange("--request-queues", requestQueues, 1, MOST_REQUEST_QUEUES);
        inRange("--thread-pool-size", threadPoolSize, 0, MOST_THREADS);
        inRange("--queue-size", queueSize, 2, LARGEST_QUEUE);
        if (Integer.bitCount(queueSize) != 1) {
            throw new IllegalArgumentException("--queue-size " + queueSize + ": a queue's size is a power of two");
        }
        if (rlimitNofile != null && rlimitNofile < 0) {
            throw new IllegalArgumentException("--rlimit-nofile " + rlimitNofile + ": a limit is a number from 0");
        }
    }

    private static void inRange(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " " + value + ": it is from " + least + " to " + most);
        }
    }

    /** The tag by which a guest mounts the share, as far as it is up to us. */
    String advisedTag() {
        return tag == null ? ADVISED_TAG : tag;
    }
}

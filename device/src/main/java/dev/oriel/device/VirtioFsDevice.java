package dev.oriel.device;

import dev.oriel.device.dax.DaxWindow;
import dev.oriel.device.operation.LongHeads;
import dev.oriel.device.operation.Operations;
import dev.oriel.device.statistics.RequestCounters;
import dev.oriel.device.statistics.RequestSums;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import dev.oriel.virtio.queue.ChainHandler;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A virtio file system device (virtio 1.4, section 5.11): serves one client with a {@link FileSystem}, FUSE requests
 * coming in over virtqueues.
 *
 * <pre>
 *   queue 0        hiprio: FORGET, BATCH_FORGET, INTERRUPT
 *   queue 1..n     requests
 *
 *   configuration  0            36                        40
 *                  | tag, UTF-8 | le32 num_request_queues | le32 notify_buf_size |
 * </pre>
 *
 * <p>The feature VIRTIO_FS_F_NOTIFICATION is not offered, since no Linux takes it; notify_buf_size is 0.
 *
 * <p>The device has threads for what would hold up a queue. They end by themselves when they have nothing to do; a
 * device that was {@link #reset} need not be closed. The file system is not the device's: many devices may serve the
 * same one.
 */
public final class VirtioFsDevice implements VirtioDevice {
    /** The most bytes of a tag. */
    public static final int TAG_MAX = 36;

    /** The most request queues. */
    public static final int REQUEST_QUEUES_MAX = 256;

    private static final Logger LOG = System.getLogger("dev.oriel.device");
    private static final int DEVICE_ID = 26;

    /** The queue of FORGET and INTERRUPT. */
    private static final int HIPRIO = 0;

    /** The id of the shared memory region that is the DAX window (virtio 1.4, section 5.11.4). */
    private static final int WINDOW_REGION = 0;

    private static final int CONFIG_SIZE = TAG_MAX + 2 * Integer.BYTES;

    private final byte[] config;
    private final QueueServer[] queues;
    private final SessionThread sessionThread;
    private final DeviceStatistics statistics;
    private final @Nullable DaxOptions dax;
    private volatile @Nullable DaxWindow window;

    /**
     * @param fileSystem what is served
     * @param tag the name that the client mounts it by: 1 to {@value #TAG_MAX} bytes of UTF-8, no newline, no NUL
     * @param requestQueues how many queues for requests the client may use, 1 to {@value #REQUEST_QUEUES_MAX}
     * @param poolThreads how many requests that wait (for a disk, say) are served beside the queues; 0 to let each hold
     *     up its queue
     * @param dax the window that the device offers, or null if none; whether there is one then depends on who carries
     *     the device
     * @throws IllegalArgumentException what is wrong with these, for the user
     */
    public VirtioFsDevice(
            FileSystem fileSystem, String tag, int requestQueues, int poolThreads, @Nullable DaxOptions dax) {
        this(
                fileSystem,
                tag,
                requestQueues,
                poolThreads,
                dax,
                name -> Thread.ofPlatform().daemon().name(name).factory());
    }

    /** @param threads makes threads, given their name; a test lets them fail */
    VirtioFsDevice(
            FileSystem fileSystem,
            String tag,
            int requestQueues,
            int poolThreads,
            @Nullable DaxOptions dax,
            Function<String, ThreadFactory> threads) {
        if (requestQueues < 1 || requestQueues > REQUEST_QUEUES_MAX) {
            throw new IllegalArgumentException("The number of request queues is " + requestQueues
                    + ", but it must be from 1 to " + REQUEST_QUEUES_MAX + ".");
        }
        if (poolThreads < 0) {
            throw new IllegalArgumentException(
                    "The size of the thread pool is " + poolThreads + ", but it must be 0 or more.");
        }
        this.dax = dax;
        config = config(tag, requestQueues);
        RequestSums sums = new RequestSums();
        SessionGate gate = new SessionGate(1 + requestQueues);
        sessionThread = new SessionThread(fileSystem, gate, () -> window, sums, threads.apply(tag + " session"));
        RequestCounters counters = sums.counters(true);
        RequestPool pool = new RequestPool(
                poolThreads, () -> new Operations(sessionThread, counters), threads.apply(tag + " pool"));
        LongHeads longHeads = new LongHeads();
        queues = new QueueServer[1 + requestQueues];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new QueueServer(i, i == HIPRIO, gate, sessionThread, pool, longHeads, sums.counters(false));
        }
        statistics = new DeviceStatistics(sums, queues, pool, gate, () -> window);
    }

    /** What the device has done and holds, for as long as anybody asks. */
    public DeviceStatistics statistics() {
        return statistics;
    }

    private static byte[] config(String tag, int requestQueues) {
        byte[] name = tag.getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length > TAG_MAX) {
            throw new IllegalArgumentException("The tag \"" + tag + "\" has " + name.length
                    + " bytes, but it must have from 1 to " + TAG_MAX + ".");
        }
        if (tag.indexOf('\n') >= 0 || tag.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("The tag holds a newline or a NUL, which Linux does not take.");
        }
        return ByteBuffer.allocate(CONFIG_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(name)
                .putInt(TAG_MAX, requestQueues)
                .array();
    }

    @Override
    public int deviceId() {
        return DEVICE_ID;
    }

    @Override
    public long deviceFeatures() {
        return 0;
    }

    @Override
    public int queueCount() {
        return queues.length;
    }

    @Override
    public int configSize() {
        return config.length;
    }

    @Override
    public void readConfig(int offset, MemorySegment destination) {
        MemorySegment.copy(MemorySegment.ofArray(config), offset, destination, 0, destination.byteSize());
    }

    @Override
    public ChainHandler queue(int index) {
        QueueServer queue = queues[index];
        queue.starting();
        return queue;
    }

    @Override
    public long sharedMemoryRegionLength(int id) {
        return dax != null && id == WINDOW_REGION ? dax.length() : 0;
    }

    @Override
    public void sharedMemoryRegion(int id, @Nullable SharedMemoryRegion region) {
        DaxWindow last = window;
        window = null;
        if (last != null) {
            last.close();
        }
        if (region != null && dax != null && id == WINDOW_REGION) {
            try {
                window = new DaxWindow(region, dax.direct(), dax.orStaged());
            } catch (LinuxException e) {
                LOG.log(Level.ERROR, "The guest gets no DAX window: {0}", e.getMessage());
            }
        }
    }

    @Override
    public void reset() {
        DaxWindow silenced = window;
        if (silenced != null) {
            silenced.silence();
        }
        sessionThread.reset();
    }
}

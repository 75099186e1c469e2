package dev.oriel.driver;

import dev.oriel.virtio.ring.RingFeatures;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * How a client uses a device. Start with {@link #DEFAULTS} and change what matters.
 *
 * @param order the byte order of the FUSE session, which the client chooses
 * @param queues most request queues to use; the device may have fewer
 * @param queueSize descriptors in each queue, a power of two of at least 8: as many requests can be in flight, or a
 *     quarter if the device has no indirect descriptors
 * @param bufferMemory bytes for {@link DriverBuffer}s, a multiple of 4096; pages that are never used cost nothing
 * @param packed whether to use packed rings where the device offers them
 * @param timeLimit how long the device may take for a reply, and how long to wait for a free request or buffer
 * @param uid the user that requests are made for
 * @param gid the group that requests are made for
 * @param pinnable whether ranges of the DAX window can be pinned, or only copied to and from
 */
public record FuseClientOptions(
        ByteOrder order,
        int queues,
        int queueSize,
        long bufferMemory,
        boolean packed,
        Duration timeLimit,
        int uid,
        int gid,
        boolean pinnable) {
    /** The byte order of this machine, up to 4 queues of 128, 64 MiB, split rings, 30 seconds, as root, pinnable. */
    public static final FuseClientOptions DEFAULTS = new FuseClientOptions(
            ByteOrder.nativeOrder(), 4, 128, 64L << 20, false, Duration.ofSeconds(30), 0, 0, true);

    public FuseClientOptions {
        if (queues < 1) {
            throw new IllegalArgumentException("a client needs at least one queue, not " + queues);
        }
        if (bufferMemory < BufferPool.UNIT || bufferMemory % BufferPool.UNIT != 0) {
            throw new IllegalArgumentException("buffer memory is a multiple of 4096 bytes, not " + bufferMemory);
        }
        if (timeLimit.isNegative() || timeLimit.isZero()) {
            throw new IllegalArgumentException("the time limit must be more than 0");
        }
    }

    public FuseClientOptions withOrder(ByteOrder value) {
        return new FuseClientOptions(value, queues, queueSize, bufferMemory, packed, timeLimit, uid, gid, pinnable);
    }

    public FuseClientOptions withQueues(int value) {
        return new FuseClientOptions(order, value, queueSize, bufferMemory, packed, timeLimit, uid, gid, pinnable);
    }

    public FuseClientOptions withQueueSize(int value) {
        return new FuseClientOptions(order, queues, value, bufferMemory, packed, timeLimit, uid, gid, pinnable);
    }

    public FuseClientOptions withBufferMemory(long value) {
        return new FuseClientOptions(order, queues, queueSize, value, packed, timeLimit, uid, gid, pinnable);
    }

    public FuseClientOptions withPacked(boolean value) {
        return new FuseClientOptions(order, queues, queueSize, bufferMemory, value, timeLimit, uid, gid, pinnable);
    }

    public FuseClientOptions withTimeLimit(Duration value) {
        return new FuseClientOptions(order, queues, queueSize, bufferMemory, packed, value, uid, gid, pinnable);
    }

    public FuseClientOptions withPinnable(boolean value) {
        return new FuseClientOptions(order, queues, queueSize, bufferMemory, packed, timeLimit, uid, gid, value);
    }

    /**
     * The features of rings that a client with these options can use; a transport accepts those of them that the device
     * offers.
     */
    public long wantedFeatures() {
        return RingFeatures.INDIRECT_DESC | RingFeatures.EVENT_IDX | (packed ? RingFeatures.RING_PACKED : 0);
    }
}

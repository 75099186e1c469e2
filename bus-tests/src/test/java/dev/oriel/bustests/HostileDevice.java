package dev.oriel.bustests;

import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.ring.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A file system device that answers what a test tells it, also what no device may answer. It has one request queue. */
final class HostileDevice implements VirtioDevice, AutoCloseable {
    private static final int CONFIG_SIZE = 44;
    private static final int INIT = 26;
    private static final int INIT_REPLY = 64;
    private static final int HEADER_IN = 40;
    private static final int HEADER_OUT = 16;

    private final List<DescriptorChain> kept = new ArrayList<>();
    private int deviceId = Transport.FILE_SYSTEM;
    private int requestQueues = 1;
    private long regionLength;
    private boolean silent;
    private boolean claimingMore;
    private ByteOrder sessionOrder = ByteOrder.LITTLE_ENDIAN;
    private UnaryOperator<byte[]> liar = reply -> reply;
    private UnaryOperator<byte[]> initLiar = reply -> reply;

    HostileDevice withDeviceId(int id) {
        deviceId = id;
        return this;
    }

    /** What the configuration says. */
    HostileDevice withRequestQueues(int number) {
        requestQueues = number;
        return this;
    }

    HostileDevice withRegion(long length) {
        regionLength = length;
        return this;
    }

    /** What becomes of each reply but that to INIT: a header and no body. It is cut to the room that there is. */
    HostileDevice lying(UnaryOperator<byte[]> how) {
        liar = how;
        return this;
    }

    /** What becomes of the reply to INIT. */
    HostileDevice lyingAtInit(UnaryOperator<byte[]> how) {
        initLiar = how;
        return this;
    }

    /** Says that it wrote all of a reply, also where there was less room. */
    HostileDevice claimingMore() {
        claimingMore = true;
        return this;
    }

    /** Answers nothing but INIT, and nothing before the end. */
    HostileDevice silent() {
        silent = true;
        return this;
    }

    @Override
    public int deviceId() {
        return deviceId;
    }

    @Override
    public long deviceFeatures() {
        return 0;
    }

    @Override
    public int queueCount() {
        return 2;
    }

    @Override
    public int configSize() {
        return CONFIG_SIZE;
    }

    @Override
    public void readConfig(int offset, MemorySegment destination) {
        byte[] config = ByteBuffer.allocate(CONFIG_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("hostile".getBytes(StandardCharsets.UTF_8))
                .putInt(36, requestQueues)
                .array();
        MemorySegment.copy(MemorySegment.ofArray(config), offset, destination, 0, destination.byteSize());
    }

    @Override
    public ChainHandler queue(int index) {
        return new ChainHandler() {
            @Override
            public void handle(DescriptorChain chain) {
                serve(chain);
            }

            @Override
            public void drain() {
                synchronized (kept) {
                    kept.forEach(chain -> chain.complete(0));
                    kept.clear();
                }
            }
        };
    }

    private void serve(DescriptorChain chain) {
        byte[] request = new byte[HEADER_IN];
        chain.readable().copyTo(0, MemorySegment.ofArray(request), 0, request.length);
        boolean init = request[4] == INIT || (request[4] == 0 && request[7] == INIT);
        if (init) {
            sessionOrder = request[4] == INIT ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        }
        ByteOrder order = sessionOrder;
        ByteBuffer in = ByteBuffer.wrap(request).order(order);
        if (silent && !init) {
            synchronized (kept) {
                kept.add(chain);
            }
            return;
        }
        ByteBuffer reply = ByteBuffer.allocate(init ? HEADER_OUT + INIT_REPLY : HEADER_OUT)
                .order(order)
                .putInt(0, init ? HEADER_OUT + INIT_REPLY : HEADER_OUT)
                .putLong(8, in.getLong(8));
        if (init) {
            reply.putInt(16, 7)
                    .putInt(20, 38)
                    .putInt(28, 1 << 26)
                    .putInt(36, 1 << 20)
                    .putShort(46, (short) 12);
        }
        byte[] lie = (init ? initLiar : liar).apply(reply.array());
        int length = (int) Math.min(lie.length, chain.writable().length());
        if (length >= HEADER_OUT && length < lie.length && !claimingMore) {
            ByteBuffer.wrap(lie).order(order).putInt(0, length);
        }
        chain.writable().copyFrom(0, MemorySegment.ofArray(lie), 0, length);
        chain.complete(claimingMore ? lie.length : length);
    }

    @Override
    public void reset() {}

    @Override
    public long sharedMemoryRegionLength(int id) {
        return id == 0 ? regionLength : 0;
    }

    @Override
    public void sharedMemoryRegion(int id, @Nullable SharedMemoryRegion region) {}

    @Override
    public void close() {}
}

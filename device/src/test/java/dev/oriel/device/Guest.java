package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.queue.QueueWorker;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.ScriptedSplitRing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The driver's end of a device: memory with a split ring for each queue, and buffers. The queues run as they do under a
 * VMM.
 *
 * <pre>
 *   0                     64 KiB               queues * 64 KiB
 *   +---------------------+--------------------+-------------
 *   | ring of queue 0     | ring of queue 1    | buffers
 *   | desc  avail   used  |                    |
 *   | 0     8 KiB  16 KiB |                    |
 *   +---------------------+--------------------+-------------
 * </pre>
 */
final class Guest implements AutoCloseable {
    /** Where the memory is for the guest. */
    static final long MEMORY = 0x4000_0000L;

    private static final int RING_SIZE = 256;
    private static final int RING_AREA = 64 << 10;
    private static final int AVAIL = 8 << 10;
    private static final int USED = 16 << 10;
    private static final int SIZE = 8 << 20;

    /** Where the last MiB of the memory is once more, as if it were a window. */
    static final long WINDOW = 0x8000_0000L;

    private static final int WINDOW_SIZE = 1 << 20;
    private static final byte STALE = 0x5a;
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private final VirtioDevice device;
    private final GuestMemoryTable table = new GuestMemoryTable();
    private final MemorySegment memory;
    private final List<QueueWorker> workers = new ArrayList<>();
    private final List<ScriptedSplitRing> rings = new ArrayList<>();
    /** Which chain the device has, by queue and head. */
    private final @Nullable Sent[][] inFlight;

    private long nextBuffer;

    /** Into how large pieces the two sides of a chain are cut. */
    int pieceSize = 1 << 20;

    /** A chain that was made available, and what became of it. */
    static final class Sent {
        private final int queue;
        private final List<Buffer> chain;
        private final long buffer;
        private final int room;
        private boolean back;
        private int length;

        private Sent(int queue, List<Buffer> chain, long buffer, int room) {
            this.queue = queue;
            this.chain = chain;
            this.buffer = buffer;
            this.room = room;
        }
    }

    Guest(VirtioDevice device) throws IOException, InvalidSetupException {
        this.device = device;
        MappedMemory mapping = MappedMemory.anonymous(SIZE, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
        GuestRegion region = new GuestRegion(MEMORY, SIZE, MEMORY, mapping, 0);
        memory = region.memory();
        table.add(region);
        table.add(new GuestRegion(WINDOW, WINDOW_SIZE, WINDOW, memory, SIZE - WINDOW_SIZE, true, () -> {}));
        int queues = device.queueCount();
        inFlight = new Sent[queues][RING_SIZE];
        nextBuffer = (long) queues * RING_AREA;
        for (int i = 0; i < queues; i++) {
            QueueWorker worker = new QueueWorker("queue " + i, table);
            workers.add(worker);
            long ring = (long) i * RING_AREA;
            rings.add(ScriptedRing.split(
                    memory, MEMORY, new ScriptedRing.Areas(ring, ring + AVAIL, ring + USED), RING_SIZE));
            start(i);
        }
    }

    /** Starts a queue that was stopped where it stands. */
    void start(int queue) throws InvalidSetupException {
        long ring = MEMORY + (long) queue * RING_AREA;
        QueueWorker worker = workers.get(queue);
        worker.start(
                new QueueSetup(
                        RING_SIZE,
                        ring,
                        ring + AVAIL,
                        ring + USED,
                        rings.get(queue).available(),
                        RingFeatures.VERSION_1),
                device.queue(queue));
        worker.enable(true);
    }

    void stop(int queue) {
        workers.get(queue).stop();
    }

    /** Adds memory, which the guest owns from now on. */
    void add(GuestRegion region) throws InvalidSetupException {
        table.add(region);
    }

    /** Whether a queue has stopped for good. */
    boolean failed(int queue) {
        return workers.get(queue).failed();
    }

    /** Takes memory for a buffer. */
    long buffer(long size) {
        long from = (nextBuffer + 63) & -64L;
        if (from + size > SIZE - WINDOW_SIZE) {
            from = (long) device.queueCount() * RING_AREA;
        }
        nextBuffer = from + size;
        return from;
    }

    MemorySegment memory() {
        return memory;
    }

    Sent send(int queue, byte[] request, int room) {
        long readable = buffer(request.length);
        MemorySegment.copy(request, 0, memory, ValueLayout.JAVA_BYTE, readable, request.length);
        return send(queue, readable, request.length, room);
    }

    Sent send(int queue, long readable, int length, int room) {
        long writable = buffer(room);
        memory.asSlice(writable, room).fill(STALE);
        return send(queue, readable, length, writable, room);
    }

    /** Makes a chain available of buffers that lie anywhere in {@link #memory()}. */
    Sent send(int queue, long readable, int length, long writable, int room) {
        int pieces = (length + pieceSize - 1) / pieceSize + (room + pieceSize - 1) / pieceSize;
        assertThat(pieces).isBetween(1, RING_SIZE);
        List<Buffer> chain = new ArrayList<>();
        for (int at = 0; at < length; at += pieceSize) {
            chain.add(new Buffer(MEMORY + readable + at, Math.min(pieceSize, length - at), false));
        }
        for (int at = 0; at < room; at += pieceSize) {
            chain.add(new Buffer(MEMORY + writable + at, Math.min(pieceSize, room - at), true));
        }
        return offer(queue, chain, writable, room);
    }

    /** Makes the buffers of a chain available once more that has come back. */
    Sent again(Sent sent) {
        return offer(sent.queue, sent.chain, sent.buffer, sent.room);
    }

    private Sent offer(int queue, List<Buffer> chain, long writable, int room) {
        takeBack(queue);
        int head = rings.get(queue).offer(chain);
        assertThat(head).as("a full ring has no head").isNotNegative();
        Sent sent = new Sent(queue, chain, writable, room);
        inFlight[queue][head] = sent;
        workers.get(queue).kick();
        return sent;
    }

    /** The offset of a place in the window, for buffers. */
    static long window(long offset) {
        return WINDOW - MEMORY + offset;
    }

    /** The bytes of the window. */
    MemorySegment windowMemory() {
        return memory.asSlice(SIZE - WINDOW_SIZE, WINDOW_SIZE);
    }

    /** Makes a chain available of one buffer to read and two to write, anywhere. */
    Sent send(int queue, long readable, int length, long header, int headerLength, long body, int bodyLength) {
        List<Buffer> chain = List.of(
                new Buffer(MEMORY + readable, length, false),
                new Buffer(MEMORY + header, headerLength, true),
                new Buffer(MEMORY + body, bodyLength, true));
        return offer(queue, chain, header, headerLength + bodyLength);
    }

    /** Makes a chain available of two buffers to read and one to write, anywhere. */
    Sent sendInTwo(int queue, long first, int firstLength, long second, int secondLength, long writable, int room) {
        List<Buffer> chain = List.of(
                new Buffer(MEMORY + first, firstLength, false),
                new Buffer(MEMORY + second, secondLength, false),
                new Buffer(MEMORY + writable, room, true));
        return offer(queue, chain, writable, room);
    }

    /** Takes back what the device gave back. */
    private void takeBack(int queue) {
        ScriptedSplitRing ring = rings.get(queue);
        for (Used used = ring.poll(); used != null; used = ring.poll()) {
            Sent sent = inFlight[queue][used.id()];
            inFlight[queue][used.id()] = null;
            assertThat(sent)
                    .as("a chain that came back, and that the device had")
                    .isNotNull();
            sent.back = true;
            sent.length = used.written();
        }
    }

    /** Whether the chain has come back. */
    boolean isBack(Sent sent) {
        takeBack(sent.queue);
        return sent.back;
    }

    /** Waits until the chain has come back, and answers what was written into it. */
    byte[] await(Sent sent) {
        int written = awaitLength(sent);
        assertThat(written).as("length used").isBetween(0, sent.room);
        return memory.asSlice(sent.buffer, written).toArray(ValueLayout.JAVA_BYTE);
    }

    int awaitLength(Sent sent) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!isBack(sent)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the chain did not come back");
            }
            LockSupport.parkNanos(20_000);
        }
        return sent.length;
    }

    Answer call(int queue, ByteOrder order, byte[] request, int room) {
        return new Answer(await(send(queue, request, room)), order);
    }

    @Override
    public void close() {
        for (QueueWorker worker : workers) {
            worker.close();
        }
        device.reset();
        table.close();
    }
}

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
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

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
    private static final int NEXT = 1;
    private static final int WRITE = 2;

    /** Where the last MiB of the memory is once more, as if it were a window. */
    static final long WINDOW = 0x8000_0000L;

    private static final int WINDOW_SIZE = 1 << 20;
    private static final byte STALE = 0x5a;
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INDEX = U16.varHandle();

    private final VirtioDevice device;
    private final GuestMemoryTable table = new GuestMemoryTable();
    private final MemorySegment memory;
    private final List<QueueWorker> workers = new ArrayList<>();
    private final int[] nextDescriptor;
    private final int[] available;
    private final int[] seen;
    private final int[][] completions;
    private final int[][] lengths;
    private long nextBuffer;

    /** Into how large pieces the two sides of a chain are cut. */
    int pieceSize = 1 << 20;

    /** A chain that was made available. */
    record Sent(int queue, int head, long buffer, int room, int completionsBefore) {}

    Guest(VirtioDevice device) throws IOException, InvalidSetupException {
        this.device = device;
        MappedMemory mapping = MappedMemory.anonymous(SIZE, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
        GuestRegion region = new GuestRegion(MEMORY, SIZE, MEMORY, mapping, 0);
        memory = region.memory();
        table.add(region);
        table.add(new GuestRegion(WINDOW, WINDOW_SIZE, WINDOW, memory, SIZE - WINDOW_SIZE, true, () -> {}));
        int queues = device.queueCount();
        nextDescriptor = new int[queues];
        available = new int[queues];
        seen = new int[queues];
        completions = new int[queues][RING_SIZE];
        lengths = new int[queues][RING_SIZE];
        nextBuffer = (long) queues * RING_AREA;
        for (int i = 0; i < queues; i++) {
            QueueWorker worker = new QueueWorker("queue " + i, table);
            workers.add(worker);
            start(i);
        }
    }

    /** Starts a queue that was stopped where it stands. */
    void start(int queue) throws InvalidSetupException {
        long ring = MEMORY + (long) queue * RING_AREA;
        QueueWorker worker = workers.get(queue);
        worker.start(
                new QueueSetup(RING_SIZE, ring, ring + AVAIL, ring + USED, available[queue], RingFeatures.VERSION_1),
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
        int head = nextDescriptor[queue];
        int descriptor = head;
        int left = pieces;
        for (int at = 0; at < length; at += pieceSize) {
            descriptor = describe(queue, descriptor, readable + at, Math.min(pieceSize, length - at), 0, --left);
        }
        for (int at = 0; at < room; at += pieceSize) {
            descriptor = describe(queue, descriptor, writable + at, Math.min(pieceSize, room - at), WRITE, --left);
        }
        nextDescriptor[queue] = descriptor;
        return offer(queue, head, writable, room);
    }

    /** Makes the chain available once more that has come back. */
    Sent again(Sent sent) {
        return offer(sent.queue, sent.head, sent.buffer, sent.room);
    }

    private Sent offer(int queue, int head, long writable, int room) {
        long avail = (long) queue * RING_AREA + AVAIL;
        int before = completions[queue][head];
        memory.set(U16, avail + 4 + 2L * (available[queue] % RING_SIZE), (short) head);
        available[queue] = (available[queue] + 1) & 0xffff;
        INDEX.setRelease(memory, avail + 2, (short) available[queue]);
        workers.get(queue).kick();
        return new Sent(queue, head, writable, room, before);
    }

    private int describe(int queue, int descriptor, long buffer, int length, int flags, int left) {
        long at = (long) queue * RING_AREA + 16L * descriptor;
        int next = (descriptor + 1) % RING_SIZE;
        memory.set(U64, at, MEMORY + buffer);
        memory.set(U32, at + 8, length);
        memory.set(U16, at + 12, (short) (flags | (left > 0 ? NEXT : 0)));
        memory.set(U16, at + 14, (short) next);
        return next;
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
        int head = nextDescriptor[queue];
        int descriptor = describe(queue, head, readable, length, 0, 2);
        descriptor = describe(queue, descriptor, header, headerLength, WRITE, 1);
        nextDescriptor[queue] = describe(queue, descriptor, body, bodyLength, WRITE, 0);
        return offer(queue, head, header, headerLength + bodyLength);
    }

    /** Makes a chain available of two buffers to read and one to write, anywhere. */
    Sent sendInTwo(int queue, long first, int firstLength, long second, int secondLength, long writable, int room) {
        int head = nextDescriptor[queue];
        int descriptor = describe(queue, head, first, firstLength, 0, 2);
        descriptor = describe(queue, descriptor, second, secondLength, 0, 1);
        nextDescriptor[queue] = describe(queue, descriptor, writable, room, WRITE, 0);
        return offer(queue, head, writable, room);
    }

    /** Whether the chain has come back. */
    boolean isBack(Sent sent) {
        long used = (long) sent.queue * RING_AREA + USED;
        int index = Short.toUnsignedInt((short) INDEX.getAcquire(memory, used + 2));
        while (seen[sent.queue] != index) {
            long entry = used + 4 + 8L * (seen[sent.queue] % RING_SIZE);
            int head = memory.get(U32, entry);
            completions[sent.queue][head]++;
            lengths[sent.queue][head] = memory.get(U32, entry + 4);
            seen[sent.queue] = (seen[sent.queue] + 1) & 0xffff;
        }
        int times = completions[sent.queue][sent.head] - sent.completionsBefore;
        assertThat(times).as("completions of one chain").isLessThanOrEqualTo(1);
        return times == 1;
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
        return lengths[sent.queue][sent.head];
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

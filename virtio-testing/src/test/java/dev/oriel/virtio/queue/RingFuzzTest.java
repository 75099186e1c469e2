package dev.oriel.virtio.queue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.memory.GuestMemory;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.ring.ChainBytes;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import java.lang.foreign.MemorySegment;

/**
 * Rings made of any bytes: whatever they say, walking them ends, and stays in memory. Runs on its seeds; with
 * JAZZER_FUZZ=1 it looks for more.
 */
class RingFuzzTest {
    private static final int SIZE = 8;
    private static final int MEMORY_SIZE = 8192;
    private static final int HEADER = 1;
    private static final long DRIVER = 0x400;
    private static final long DEVICE = 0x800;
    private static final int ROUNDS = 64;

    /** The first byte chooses the layout and features, the others are the memory. */
    @FuzzTest(maxDuration = "10s")
    void anyBytesAreWalkedToAnEnd(byte[] input) throws Exception {
        if (input.length < HEADER) {
            return;
        }
        long features = RingFeatures.VERSION_1
                | ((input[0] & 1) != 0 ? RingFeatures.RING_PACKED : 0)
                | ((input[0] & 2) != 0 ? RingFeatures.INDIRECT_DESC : 0)
                | ((input[0] & 4) != 0 ? RingFeatures.EVENT_IDX : 0);
        int base = (input[0] & 1) != 0 ? 0x8000_8000 : 0;
        MappedMemory mapping = MappedMemory.anonymous(MEMORY_SIZE, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
        try (GuestRegion region = new GuestRegion(0, MEMORY_SIZE, 0, mapping, 0);
                GuestMemoryTable table = new GuestMemoryTable();
                Doorbell doorbell = new Doorbell()) {
            int length = Math.min(input.length - HEADER, MEMORY_SIZE);
            MemorySegment.copy(MemorySegment.ofArray(input), HEADER, region.memory(), 0, length);
            Virtqueue queue = new Virtqueue("fuzzed", table, doorbell, new EventSink(), new EventSink());
            queue.use(GuestMemory.EMPTY.with(region));
            queue.enable(true);
            queue.start(new QueueSetup(SIZE, 0, DRIVER, DEVICE, base, features), Thread.currentThread());
            int taken = 0;
            for (DescriptorChain chain = queue.next(); chain != null && taken < ROUNDS; chain = queue.next()) {
                taken++;
                touch(chain.readable());
                touch(chain.writable());
                chain.complete((int) Math.min(chain.writable().length(), Integer.MAX_VALUE));
            }
            queue.enableNotifications();
            queue.close();
            queue.leave(() -> {});
        }
    }

    /** Looks at the first and the last byte of a stream. */
    private static void touch(ChainBytes bytes) {
        byte[] one = new byte[1];
        if (bytes.length() > 0) {
            bytes.copyTo(0, MemorySegment.ofArray(one), 0, 1);
            bytes.copyTo(bytes.length() - 1, MemorySegment.ofArray(one), 0, 1);
        }
    }
}

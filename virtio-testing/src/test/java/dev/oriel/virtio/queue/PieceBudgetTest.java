package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.SharedMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a queue remembers of its chains is bounded, however many buffers, none beside another, a driver makes them of.
 */
class PieceBudgetTest {
    private static final int SIZE = 16;
    private static final int PIECES = 120;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDriverWhoseChainsHaveManyPiecesWaitsUntilSomeAreCompleted(boolean packed) throws Exception {
        try (SharedMemory shared = new SharedMemory(1 << 20);
                GuestMemoryTable table = new GuestMemoryTable();
                Doorbell doorbell = new Doorbell()) {
            table.add(shared.region());
            ScriptedRing ring = ScriptedRing.create(shared, SIZE, packed, true, true);
            Virtqueue queue = new Virtqueue("queue", table, doorbell, new EventSink(), new EventSink());
            table.attach(queue);
            queue.enable(true);
            queue.start(
                    new QueueSetup(
                            SIZE,
                            SharedMemory.userAddress(ring.areas().descriptors()),
                            SharedMemory.userAddress(ring.areas().driver()),
                            SharedMemory.userAddress(ring.areas().device()),
                            ring.initialBase(),
                            RingFeatures.VERSION_1
                                    | RingFeatures.INDIRECT_DESC
                                    | RingFeatures.EVENT_IDX
                                    | (packed ? RingFeatures.RING_PACKED : 0)),
                    Thread.currentThread());
            List<Buffer> pieces = new ArrayList<>();
            for (int i = 0; i < PIECES; i++) {
                pieces.add(new Buffer(SharedMemory.GUEST_ADDRESS + 16L * i, 8, true));
            }
            for (int i = 0; i < SIZE; i++) {
                ring.offer(pieces);
            }
            ArrayDeque<DescriptorChain> inFlight = new ArrayDeque<>();
            for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
                inFlight.add(chain);
            }
            // and does not look for work that it cannot take
            assertThat(inFlight).hasSizeBetween(SIZE / 4, SIZE - 1);
            assertThat(queue.available()).isFalse();
            assertThat(queue.enableNotifications()).isFalse();

            int completed = 0;
            while (completed < SIZE) {
                inFlight.remove().complete(0);
                completed++;
                assertThat(queue.available()).isEqualTo(completed + inFlight.size() < SIZE);
                for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
                    inFlight.add(chain);
                }
            }
            for (int i = 0; i < SIZE; i++) {
                assertThat(ring.poll()).isNotNull();
            }
            assertThat(queue.failed()).isFalse();
            queue.close();
            queue.leave(() -> {});
            table.detach(queue);
        }
    }
}

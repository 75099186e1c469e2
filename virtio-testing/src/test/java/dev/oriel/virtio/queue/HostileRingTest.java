package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.LogLines;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedPackedRing;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.ScriptedSplitRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nonsense in a ring stops its queue; a buffer outside memory does not. */
class HostileRingTest {
    private static final Layout SPLIT = new Layout(8, false, false, false);
    private static final Layout SPLIT_INDIRECT = new Layout(8, false, true, false);
    private static final Layout PACKED = new Layout(8, true, false, false);
    private static final Layout PACKED_INDIRECT = new Layout(8, true, true, false);

    private static final long SOMEWHERE = SharedMemory.guestAddress(0x8000);
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final List<String> taken = Collections.synchronizedList(new ArrayList<>());

    private void record(DescriptorChain chain) {
        taken.add("%d readable, %d writable%s"
                .formatted(chain.readable().length(), chain.writable().length(), chain.faulty() ? ", faulty" : ""));
        chain.complete(0);
    }

    @FunctionalInterface
    private interface Nonsense<R> {
        void write(R ring, SharedMemory memory);
    }

    private void splitBreaks(Layout layout, Nonsense<ScriptedSplitRing> nonsense) throws Exception {
        try (Loopback loopback = new Loopback(layout, this::record)) {
            nonsense.write((ScriptedSplitRing) loopback.driver().ring(), loopback.shared());
            loopback.driver().kick();
            loopback.awaitFailure();
            assertThat(loopback.worker().failed()).isTrue();
            assertThat(taken).isEmpty();
            // and stays so, whatever comes
            loopback.driver().kick();
            loopback.worker().stop();
            assertThat(taken).isEmpty();
        }
    }

    private void packedBreaks(Layout layout, Nonsense<ScriptedPackedRing> nonsense) throws Exception {
        try (Loopback loopback = new Loopback(layout, this::record)) {
            // not while the queue looks: it would take the beginning for a whole chain
            int base = loopback.worker().stop();
            nonsense.write((ScriptedPackedRing) loopback.driver().ring(), loopback.shared());
            loopback.start(base);
            loopback.driver().kick();
            loopback.awaitFailure();
            assertThat(loopback.worker().failed()).isTrue();
            assertThat(taken).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 10, 0x7fff, 0x8000, 0xffff})
    void anIndexThatJumpsStopsTheQueue(int index) throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> ring.jump(index));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 0x7fff, 0xffff})
    void aHeadOutsideTheTableStopsTheQueue(int head) throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> ring.offerHead(head));
    }

    @Test
    void aChainThatLoopsStopsTheQueue() throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, 16, NEXT, 1);
            ring.writeDescriptor(1, SOMEWHERE, 16, NEXT, 0);
            ring.offerHead(0);
        });
    }

    @Test
    void aDescriptorThatLeadsOutOfTheTableStopsTheQueue() throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, 16, NEXT, 8);
            ring.offerHead(0);
        });
    }

    @Test
    void aBufferOutsideMemoryIsSaidOnceForEachConnection() throws Exception {
        Buffer outside = new Buffer(SharedMemory.GUEST_ADDRESS + (1L << 40), 16, true);
        try (LogLines log = new LogLines("dev.oriel.virtio")) {
            for (int connection = 1; connection <= 2; connection++) {
                try (Loopback loopback = new Loopback(SPLIT, this::record)) {
                    for (int i = 0; i < 3; i++) {
                        loopback.driver().send(outside);
                        assertThat(loopback.driver().await().written()).isZero();
                    }
                }
                assertThat(log.rest())
                        .hasSize(connection)
                        .last()
                        .asString()
                        .contains("is answered EFAULT", Long.toHexString(outside.address()));
            }
        }
        assertThat(taken).hasSize(6).allMatch(chain -> chain.endsWith("faulty"));
    }

    /** Who is told of the failure may have to do with the memory, or wait for somebody who has. */
    @Test
    void aFailureIsToldWithoutALock() throws Exception {
        CompletableFuture<Boolean> changed = new CompletableFuture<>();
        try (Loopback loopback = new Loopback(SPLIT, this::record)) {
            loopback.worker().onError(() -> {
                Thread other = Thread.ofPlatform()
                        .daemon()
                        .start(() -> loopback.worker().enable(true));
                try {
                    changed.complete(other.join(Duration.ofMillis(ScriptedQueue.PATIENCE_MILLIS)));
                } catch (InterruptedException impossible) {
                    changed.completeExceptionally(impossible);
                }
            });
            ScriptedSplitRing ring = (ScriptedSplitRing) loopback.driver().ring();
            ring.writeDescriptor(0, SOMEWHERE, 16, NEXT, 8);
            ring.offerHead(0);
            loopback.driver().kick();
            assertThat(changed.get()).isTrue();
        }
    }

    @Test
    void aReadableBufferBehindAWritableOneStopsTheQueue() throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, 16, NEXT | WRITE, 1);
            ring.writeDescriptor(1, SOMEWHERE, 16, 0, 0);
            ring.offerHead(0);
        });
        packedBreaks(PACKED, (ring, memory) -> {
            ring.offerDescriptor(SOMEWHERE, 16, 0, NEXT | WRITE);
            ring.offerDescriptor(SOMEWHERE, 16, 0, 0);
        });
    }

    @Test
    void aChainOf4GiBStopsTheQueue() throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, -1, NEXT, 1);
            ring.writeDescriptor(1, SOMEWHERE, 16, 0, 0);
            ring.offerHead(0);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 15, 24, -16, 16 * 1025, Integer.MIN_VALUE})
    void anIndirectTableOfAnOddSizeStopsTheQueue(int size) throws Exception {
        splitBreaks(SPLIT_INDIRECT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, size, INDIRECT, 0);
            ring.offerHead(0);
        });
        packedBreaks(PACKED_INDIRECT, (ring, memory) -> ring.offerDescriptor(SOMEWHERE, size, 0, INDIRECT));
    }

    @Test
    void anIndirectTableThatIsNotTheEndOfItsChainStopsTheQueue() throws Exception {
        splitBreaks(SPLIT_INDIRECT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, 16, INDIRECT | NEXT, 1);
            ring.offerHead(0);
        });
        packedBreaks(PACKED_INDIRECT, (ring, memory) -> {
            ring.offerDescriptor(SOMEWHERE, 16, 0, INDIRECT | NEXT);
            ring.offerDescriptor(SOMEWHERE, 16, 0, 0);
        });
    }

    @Test
    void anIndirectTableThatWasNotNegotiatedStopsTheQueue() throws Exception {
        splitBreaks(SPLIT, (ring, memory) -> {
            ring.writeDescriptor(0, SOMEWHERE, 16, INDIRECT, 0);
            ring.offerHead(0);
        });
        packedBreaks(PACKED, (ring, memory) -> ring.offerDescriptor(SOMEWHERE, 16, 0, INDIRECT));
    }

    @Test
    void anIndirectTableInAnIndirectTableStopsTheQueue() throws Exception {
        splitBreaks(SPLIT_INDIRECT, (ring, memory) -> {
            // a descriptor table of the ring serves as an indirect one: it refers to itself
            ring.writeDescriptor(0, SharedMemory.guestAddress(ring.areas().descriptors()), 16, INDIRECT, 0);
            ring.offerHead(0);
        });
        packedBreaks(
                PACKED_INDIRECT,
                (ring, memory) -> ring.offerDescriptor(
                        SharedMemory.guestAddress(ring.areas().descriptors()), 16, 0, INDIRECT));
    }

    @Test
    void anIndirectTableThatLoopsStopsTheQueue() throws Exception {
        splitBreaks(SPLIT_INDIRECT, (ring, memory) -> {
            ring.writeDescriptor(1, SOMEWHERE, 16, NEXT, 1);
            ring.writeDescriptor(2, SOMEWHERE, 16, NEXT, 0);
            ring.writeDescriptor(0, SharedMemory.guestAddress(ring.areas().descriptors() + 16), 32, INDIRECT, 0);
            ring.offerHead(0);
        });
    }

    @Test
    void aPackedChainWithoutEndStopsTheQueue() throws Exception {
        packedBreaks(PACKED, (ring, memory) -> {
            for (int i = 0; i < 8; i++) {
                ring.offerDescriptor(SOMEWHERE, 16, i, NEXT);
            }
        });
    }

    @Test
    void moreChainsThanTheRingHasDescriptorsStopTheQueue() throws Exception {
        List<DescriptorChain> kept = Collections.synchronizedList(new ArrayList<>());
        try (Loopback loopback = new Loopback(SPLIT, kept::add)) {
            ScriptedSplitRing ring = (ScriptedSplitRing) loopback.driver().ring();
            ring.writeDescriptor(0, SOMEWHERE, 16, 0, 0);
            for (int i = 0; i < 8; i++) {
                ring.offerHead(0);
            }
            loopback.driver().kick();
            while (kept.size() < 8) {
                Thread.onSpinWait();
            }
            ring.offerHead(0);
            loopback.driver().kick();
            loopback.awaitFailure();
            assertThat(kept).hasSize(8);
            kept.forEach(chain -> chain.complete(0));
        }
    }

    @Test
    void aPackedRingWhoseDriverOvertakesItselfStopsTheQueue() throws Exception {
        List<DescriptorChain> kept = Collections.synchronizedList(new ArrayList<>());
        try (Loopback loopback = new Loopback(PACKED, kept::add)) {
            ScriptedPackedRing ring = (ScriptedPackedRing) loopback.driver().ring();
            for (int i = 0; i < 9; i++) {
                ring.offerDescriptor(SOMEWHERE, 16, i, 0);
                loopback.driver().kick();
                while (kept.size() <= i && !loopback.worker().failed()) {
                    Thread.onSpinWait();
                }
            }
            loopback.awaitFailure();
            assertThat(kept).hasSize(8);
            kept.forEach(chain -> chain.complete(0));
        }
    }

    /** User-mode Linux does this on direct I/O. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBufferOutsideMemoryLeavesRoomForAnAnswer(boolean packed) throws Exception {
        for (boolean indirect : new boolean[] {false, true}) {
            taken.clear();
            try (Loopback loopback = new Loopback(new Layout(8, packed, indirect, true), this::record)) {
                ScriptedQueue driver = loopback.driver();
                Buffer nowhere = new Buffer(0x10, 4096, true);
                int id = driver.send(driver.buffer(40, false), driver.buffer(16, true), nowhere);
                assertThat(driver.await()).isEqualTo(new Used(id, 0));
                Buffer unreadable = new Buffer(SharedMemory.GUEST_ADDRESS - 1, 2, false);
                driver.send(driver.buffer(40, false), unreadable, driver.buffer(16, true));
                driver.await();
                driver.send(driver.buffer(40, false), driver.buffer(16, true));
                driver.await();
                assertThat(taken)
                        .containsExactly(
                                "40 readable, 16 writable, faulty",
                                "40 readable, 16 writable, faulty",
                                "40 readable, 16 writable");
            }
        }
    }

    @Test
    void anIndirectTableOutsideMemoryMakesAFaultyChainOfNothing() throws Exception {
        try (Loopback loopback = new Loopback(SPLIT_INDIRECT, this::record)) {
            ScriptedSplitRing ring = (ScriptedSplitRing) loopback.driver().ring();
            ring.writeDescriptor(0, loopback.shared().size() - 16 + SharedMemory.GUEST_ADDRESS, 32, INDIRECT, 0);
            ring.offerHead(0);
            loopback.driver().kick();
            assertThat(loopback.driver().await()).isEqualTo(new Used(0, 0));
        }
        try (Loopback loopback = new Loopback(PACKED_INDIRECT, this::record)) {
            ScriptedPackedRing ring = (ScriptedPackedRing) loopback.driver().ring();
            ring.offerDescriptor(0, 32, 3, INDIRECT);
            loopback.driver().kick();
            loopback.driver().awaitInterrupt();
        }
        assertThat(taken).containsOnly("0 readable, 0 writable, faulty").hasSize(2);
    }

    @Test
    void anIndirectTableInAWindowMakesAFaultyChainOfNothing() throws Exception {
        long window = 0x10_0000;
        try (Loopback loopback = new Loopback(SPLIT_INDIRECT, this::record)) {
            loopback.table().add(loopback.shared().window(0, 4096, window, window));
            ScriptedSplitRing ring = (ScriptedSplitRing) loopback.driver().ring();
            ring.writeDescriptor(0, window, 32, INDIRECT, 0);
            ring.offerHead(0);
            loopback.driver().kick();
            assertThat(loopback.driver().await()).isEqualTo(new Used(0, 0));
        }
        assertThat(taken).containsOnly("0 readable, 0 writable, faulty");
    }

    @Test
    void emptyBuffersAreLeftOut() throws Exception {
        try (Loopback loopback = new Loopback(SPLIT, this::record)) {
            ScriptedQueue driver = loopback.driver();
            driver.send(
                    driver.buffer(8, false), new Buffer(0, 0, false), new Buffer(0, 0, true), driver.buffer(4, true));
            driver.await();
            assertThat(taken).containsExactly("8 readable, 4 writable");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 32769, 65536})
    void aRingOfAnImpossibleSizeIsRefused(int size) {
        QueueSetup setup = new QueueSetup(size, 0, 0, 0, 0, RingFeatures.VERSION_1);
        assertThatThrownBy(setup::open).isInstanceOf(InvalidSetupException.class);
    }

    @Test
    void aRingOfALegacyDriverIsRefused() {
        assertThatThrownBy(new QueueSetup(8, 0, 0, 0, 0, 0)::open).hasMessageContaining("VERSION_1");
    }

    @Test
    void aRingThatBeginsNowhereIsRefused() {
        assertThatThrownBy(new QueueSetup(8, 0, 0, 0, 0x10000, RingFeatures.VERSION_1)::open)
                .isInstanceOf(InvalidSetupException.class);
        long packed = RingFeatures.VERSION_1 | RingFeatures.RING_PACKED;
        assertThatThrownBy(new QueueSetup(8, 0, 0, 0, 8, packed)::open).isInstanceOf(InvalidSetupException.class);
        assertThatThrownBy(new QueueSetup(8, 0, 0, 0, 8 << 16, packed)::open).isInstanceOf(InvalidSetupException.class);
    }
}

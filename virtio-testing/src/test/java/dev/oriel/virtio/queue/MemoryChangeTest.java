package dev.oriel.virtio.queue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.FileCalls;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.testing.EchoHandler;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory that comes and goes under queues that run. */
class MemoryChangeTest {
    private static final long EXTRA_SIZE = 1 << 20;
    private static final long EXTRA_GUEST = 0x8_0000_0000L;
    private static final long EXTRA_USER = 0x7fff_0000_0000L;

    private static DescriptorChain take(BlockingQueue<DescriptorChain> chains) throws InterruptedException {
        DescriptorChain chain = chains.poll(ScriptedQueue.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        assertThat(chain).as("a chain of the driver").isNotNull();
        return chain;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRegionStaysMappedUntilTheLastChainInItIsCompleted(boolean packed) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (SharedMemory extra = new SharedMemory(EXTRA_SIZE);
                Loopback loopback = new Loopback(new Layout(32, packed, false, true), chains::add)) {
            ScriptedQueue driver = loopback.driver();
            loopback.table().add(extra.region(0, EXTRA_SIZE, EXTRA_GUEST, EXTRA_USER));
            driver.send(driver.buffer(8, false), new Buffer(EXTRA_GUEST + 64, 8, true));
            driver.send(driver.buffer(8, false), new Buffer(EXTRA_GUEST + 128, 8, true));
            DescriptorChain first = take(chains);
            DescriptorChain second = take(chains);

            loopback.table().remove(EXTRA_GUEST, EXTRA_SIZE, EXTRA_USER);
            assertThat(loopback.table().mappedRegions()).isEqualTo(2);
            first.complete(8);
            assertThat(loopback.table().mappedRegions()).isEqualTo(2);
            MemorySegment memory = second.writable().segment(0);
            memory.set(JAVA_BYTE, 128, (byte) 7);
            assertThat(extra.memory().get(JAVA_BYTE, 128)).isEqualTo((byte) 7);
            second.complete(8);
            assertThat(loopback.table().mappedRegions()).isEqualTo(1);
            assertThat(memory.scope().isAlive()).isFalse();
            driver.await(2);

            // what is sent now finds the region gone
            driver.send(driver.buffer(8, false), new Buffer(EXTRA_GUEST + 64, 8, true));
            DescriptorChain third = take(chains);
            assertThat(third.faulty()).isTrue();
            third.complete(0);
            driver.await();
        }
    }

    @Test
    void aChainElsewhereDoesNotKeepARegion() throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (SharedMemory extra = new SharedMemory(EXTRA_SIZE);
                Loopback loopback = new Loopback(Layout.USUAL, chains::add)) {
            ScriptedQueue driver = loopback.driver();
            loopback.table().add(extra.region(0, EXTRA_SIZE, EXTRA_GUEST, EXTRA_USER));
            // waits for ever, as a lock can
            driver.send(driver.buffer(8, false), driver.buffer(8, true));
            DescriptorChain waiting = take(chains);
            loopback.table().remove(EXTRA_GUEST, EXTRA_SIZE, EXTRA_USER);
            assertThat(loopback.table().mappedRegions()).isEqualTo(1);
            waiting.complete(0);
            driver.await();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTableMayBeReplacedUnderARingThatRuns(boolean packed) throws Exception {
        try (Loopback loopback = new Loopback(new Layout(16, packed, true, true), new EchoHandler())) {
            ScriptedQueue driver = loopback.driver();
            Buffer request = driver.buffer(8, false);
            Buffer reply = driver.buffer(8, true);
            for (int round = 0; round < 200; round++) {
                driver.send(request, reply);
                loopback.table().replace(List.of(loopback.shared().region()));
                driver.await();
            }
            assertThat(loopback.table().mappedRegions()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aQueueWhoseRingIsTakenAwayGoesOnWhenItIsBack(boolean packed) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(new Layout(16, packed, false, true), chains::add)) {
            ScriptedQueue driver = loopback.driver();
            Buffer reply = driver.buffer(8, true);
            driver.send(reply);
            DescriptorChain before = take(chains);
            loopback.table().replace(List.of());
            driver.send(reply);
            driver.kick();
            before.complete(1);
            assertThat(driver.ring().poll()).isNull();
            assertThat(loopback.table().mappedRegions()).isZero();
            loopback.table().replace(List.of(loopback.shared().region()));
            assertThat(driver.await().written()).isEqualTo(1);
            take(chains).complete(2);
            assertThat(driver.await().written()).isEqualTo(2);
            assertThat(loopback.worker().failed()).isFalse();
        }
    }

    /** A front-end that truncates its memory gets SIGBUS, not us. */
    @Test
    void memoryThatIsTruncatedStopsTheQueueAndNothingElse() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler());
                Loopback other = new Loopback(Layout.USUAL, new EchoHandler())) {
            loopback.driver().send(loopback.driver().buffer(8, true));
            loopback.driver().await();
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), 0)).isZero();
            loopback.driver().kick();
            loopback.awaitFailure();
            other.driver().send(other.driver().buffer(8, true));
            other.driver().await();
        }
    }
}

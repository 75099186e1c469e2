package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.SharedMemory;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a driver may rely on that loses an interrupt, as user-mode Linux does when one comes while it goes idle. */
class LostInterruptTest {
    static Stream<Layout> layouts() {
        return Stream.of(new Layout(32, false, true, true), new Layout(32, true, true, true));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void aDriverThatDoesNotAnswerAnInterruptGetsOneMore(Layout layout) throws Exception {
        try (Loopback loopback = new Loopback(layout, chain -> chain.complete(1))) {
            ScriptedQueue driver = loopback.driver();
            for (int round = 0; round < 20; round++) {
                driver.ring().enableInterrupts();
                driver.send(driver.buffer(8, true));
                driver.awaitInterrupts(2);
                assertThat(driver.await().written()).isOne();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void notMoreThanOneMore(Layout layout) throws Exception {
        CountDownLatch served = new CountDownLatch(21);
        try (Loopback loopback = new Loopback(layout, chain -> {
            chain.complete(1);
            served.countDown();
        })) {
            ScriptedQueue driver = loopback.driver();
            driver.ring().enableInterrupts();
            driver.send(driver.buffer(8, true));
            driver.awaitInterrupts(2);
            for (int i = 0; i < 20; i++) {
                driver.kick();
                driver.send(driver.buffer(8, true));
            }
            assertThat(served.await(ScriptedQueue.PATIENCE_MILLIS, TimeUnit.MILLISECONDS))
                    .isTrue();
            loopback.worker().stop();
            assertThat(driver.callEvent().drain()).isZero();
        }
    }

    /** The driver has looked at the ring since it was told, and asked to be told of what comes next. */
    @ParameterizedTest
    @MethodSource("layouts")
    void aDriverThatAsksAgainHasAnswered(Layout layout) throws Exception {
        try (SharedMemory shared = new SharedMemory(1 << 20);
                GuestMemoryTable table = new GuestMemoryTable();
                Doorbell doorbell = new Doorbell()) {
            table.add(shared.region());
            ScriptedRing ring = ScriptedRing.create(shared, layout.size(), layout.packed(), true, true);
            Virtqueue queue = new Virtqueue("queue", table, doorbell, new EventSink(), new EventSink());
            table.attach(queue);
            queue.enable(true);
            queue.start(
                    new QueueSetup(
                            layout.size(),
                            SharedMemory.userAddress(ring.areas().descriptors()),
                            SharedMemory.userAddress(ring.areas().driver()),
                            SharedMemory.userAddress(ring.areas().device()),
                            ring.initialBase(),
                            layout.features()),
                    Thread.currentThread());
            for (int round = 0; round < 100; round++) {
                ring.enableInterrupts();
                assertThat(queue.unanswered()).isFalse();
                ring.offer(List.of(new Buffer(SharedMemory.GUEST_ADDRESS, 8, true)));
                Objects.requireNonNull(queue.next()).complete(1);
                assertThat(queue.next()).isNull();
                assertThat(queue.unanswered()).isTrue();
                assertThat(ring.poll()).isNotNull();
                assertThat(queue.unanswered()).isTrue();
            }
            queue.close();
            queue.leave(() -> {});
            table.detach(queue);
        }
    }
}

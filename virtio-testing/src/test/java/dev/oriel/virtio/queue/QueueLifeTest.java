package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.EchoHandler;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.SharedMemory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How queues start, stop, sleep, wake and fail. */
class QueueLifeTest {
    static Stream<Layout> layouts() {
        return Stream.of(false, true)
                .flatMap(packed -> Stream.of(false, true).map(event -> new Layout(32, packed, false, event)));
    }

    private static DescriptorChain take(BlockingQueue<DescriptorChain> chains) throws InterruptedException {
        DescriptorChain chain = chains.poll(ScriptedQueue.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        assertThat(chain).as("a chain of the driver").isNotNull();
        return chain;
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void chainsMayBeCompletedLaterElsewhereAndInAnyOrder(Layout layout) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(layout, chains::add)) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            for (int round = 0; round < 200; round++) {
                int first = driver.send(buffer);
                int second = driver.send(buffer);
                int third = driver.send(buffer);
                DescriptorChain a = take(chains);
                DescriptorChain b = take(chains);
                DescriptorChain c = take(chains);
                b.complete(2);
                assertThat(driver.await()).isEqualTo(new ScriptedRing.Used(second, 2));
                c.complete(3);
                a.complete(1);
                assertThat(driver.await(2))
                        .containsExactly(new ScriptedRing.Used(third, 3), new ScriptedRing.Used(first, 1));
            }
        }
    }

    @Test
    void aChainIsCompletedOnce() throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(Layout.USUAL, chains::add)) {
            loopback.driver().send(loopback.driver().buffer(8, true));
            DescriptorChain chain = take(chains);
            chain.complete(0);
            assertThatThrownBy(() -> chain.complete(0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void aQueueThatStopsWaitsForWhatIsInFlight(Layout layout) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(layout, chains::add)) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            driver.send(buffer);
            driver.send(buffer);
            DescriptorChain first = take(chains);
            DescriptorChain second = take(chains);
            CompletableFuture<Integer> stopped = CompletableFuture.supplyAsync(loopback.worker()::stop);
            first.complete(1);
            assertThat(driver.await().written()).isEqualTo(1);
            assertThat(stopped).isNotDone();
            second.complete(2);
            int base = stopped.get(ScriptedQueue.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            assertThat(driver.await().written()).isEqualTo(2);

            // goes on where it stood
            loopback.start(base);
            driver.send(buffer);
            take(chains).complete(3);
            assertThat(driver.await().written()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void aStoppedQueueIsSilentAndStartsWithWhatItMissed(Layout layout) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(layout, chains::add)) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            for (int round = 0; round < 100; round++) {
                int base = loopback.worker().stop();
                driver.send(buffer);
                driver.kick();
                assertThat(chains).isEmpty();
                // and needs no kick for it
                driver.kickEvent().drain();
                loopback.start(base);
                take(chains).complete(1);
                assertThat(driver.await().written()).isEqualTo(1);
            }
        }
    }

    @Test
    void aQueueThatIsNotEnabledTakesNothing() throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(Layout.USUAL, chains::add)) {
            ScriptedQueue driver = loopback.driver();
            loopback.worker().enable(false);
            driver.send(driver.buffer(8, true));
            driver.kick();
            int base = loopback.worker().stop();
            assertThat(base).isZero();
            assertThat(chains).isEmpty();
            loopback.start(base);
            loopback.worker().enable(true);
            take(chains).complete(1);
            assertThat(driver.await().written()).isEqualTo(1);
        }
    }

    static Stream<Arguments> layoutsAndPolling() {
        return layouts()
                .flatMap(layout -> Stream.of(Polling.OFF, Polling.AUTO, Polling.fixed(Duration.ofNanos(20_000)))
                        .map(polling -> Arguments.of(layout, polling)));
    }

    /** Each round both sides go to sleep: a wake-up that is lost once makes the driver wait in vain. */
    @ParameterizedTest
    @MethodSource("layoutsAndPolling")
    void noWakeUpIsLost(Layout layout, Polling polling) throws Exception {
        try (Loopback loopback = new Loopback(layout, new EchoHandler())) {
            loopback.worker().polling(polling);
            ScriptedQueue driver = loopback.driver();
            Buffer request = driver.buffer(8, false);
            Buffer reply = driver.buffer(8, true);
            for (int round = 0; round < 20_000; round++) {
                driver.send(request, reply);
                if (round % 3 == 0) {
                    // meets the device on its way to sleep, or asleep, or at work
                    driver.send(request, reply);
                    driver.await();
                }
                driver.await();
            }
        }
    }

    /** Most rounds, not all: a driver that is slow once finds the queue asleep. */
    @ParameterizedTest
    @MethodSource("layouts")
    void aQueueThatPollsSeesChainsWithoutAKick(Layout layout) throws Exception {
        try (Loopback loopback = new Loopback(layout, new EchoHandler())) {
            loopback.worker().polling(Polling.fixed(Duration.ofMillis(100)));
            ScriptedQueue driver = loopback.driver();
            Buffer request = driver.buffer(8, false);
            Buffer reply = driver.buffer(8, true);
            driver.send(request, reply);
            driver.await();
            long before = driver.kicks();
            for (int round = 0; round < 100; round++) {
                driver.send(request, reply);
                driver.await();
            }
            assertThat(driver.kicks() - before).isLessThan(50);
        }
    }

    @Test
    void aChainIsUrgentWhileItsQueueIsPolled() throws Exception {
        List<Boolean> urgent = new CopyOnWriteArrayList<>();
        ChainHandler handler = chain -> {
            urgent.add(chain.isUrgent());
            chain.complete(0);
        };
        try (Loopback loopback = new Loopback(Layout.USUAL, handler)) {
            ScriptedQueue driver = loopback.driver();
            for (Polling polling :
                    List.of(Polling.OFF, Polling.AUTO, Polling.fixed(Duration.ofMillis(1)), Polling.OFF)) {
                loopback.worker().polling(polling);
                driver.send(driver.buffer(8, true));
                driver.await();
            }
            assertThat(urgent).containsExactly(false, true, true, false);
        }
    }

    @Test
    void aQueueThatPollsCanBeStopped() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler())) {
            loopback.worker().polling(Polling.fixed(Duration.ofMillis(100)));
            ScriptedQueue driver = loopback.driver();
            for (int round = 0; round < 20; round++) {
                driver.send(driver.buffer(8, true));
                driver.await();
                int base = loopback.worker().stop();
                assertThat(base).isEqualTo(round + 1);
                loopback.start(base);
            }
        }
    }

    /** Some are completed on the thread of the queue and some elsewhere at the same time. */
    @ParameterizedTest
    @MethodSource("layouts")
    void noInterruptIsLostBetweenThreads(Layout layout) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        Thread pool = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    chains.take().complete(1);
                }
            } catch (InterruptedException end) {
                // the test is over
            }
        });
        int[] count = new int[1];
        try (Loopback loopback = new Loopback(layout, chain -> {
            count[0]++;
            if (count[0] % 2 == 0) {
                chain.complete(1);
            } else {
                chains.add(chain);
            }
        })) {
            ScriptedQueue driver = loopback.driver();
            Buffer reply = driver.buffer(8, true);
            for (int round = 0; round < 10_000; round++) {
                driver.send(reply);
                driver.send(reply);
                driver.send(reply);
                driver.await(3);
            }
        } finally {
            pool.interrupt();
            pool.join();
        }
    }

    @Test
    void aDriverThatKeepsTheQueueBusyIsNotAskedToKick() throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        CompletableFuture<Void> go = new CompletableFuture<>();
        try (Loopback loopback = new Loopback(Layout.USUAL, chain -> {
            chains.add(chain);
            go.join();
            chain.complete(0);
        })) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            driver.send(buffer);
            take(chains);
            long kicks = driver.kicks();
            for (int i = 0; i < 100; i++) {
                driver.send(buffer);
            }
            assertThat(driver.kicks()).isEqualTo(kicks);
            go.complete(null);
            driver.await(101);
        }
    }

    @Test
    void aDriverThatDoesNotKickIsPolled() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler())) {
            ScriptedQueue driver = loopback.driver();
            loopback.worker().kickDescriptor(null);
            for (int i = 0; i < 10; i++) {
                driver.ring().offer(List.of(driver.buffer(8, true)));
                driver.await();
            }
        }
    }

    @Test
    void eventDescriptorsMayBeReplacedWhileTheQueueRuns() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler());
                EventDescriptor kick = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK);
                EventDescriptor call = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            driver.send(buffer);
            driver.await();
            loopback.worker().kickDescriptor(ScriptedQueue.duplicate(kick));
            loopback.worker().callDescriptor(ScriptedQueue.duplicate(call));
            driver.ring().enableInterrupts();
            driver.ring().offer(List.of(buffer));
            kick.signal();
            ScriptedQueue.awaitSignal(call, "the new descriptor was not signalled");
            // the signal may be the one that reminds a driver of the chain before
            while (driver.ring().poll() == null) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void anInterruptThatFoundNoDescriptorReachesTheNext() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler())) {
            ScriptedQueue driver = loopback.driver();
            loopback.worker().callDescriptor(null);
            driver.send(driver.buffer(8, true));
            ScriptedRing.Used used = driver.ring().poll();
            while (used == null) {
                Thread.onSpinWait();
                used = driver.ring().poll();
            }
            loopback.worker().callDescriptor(ScriptedQueue.duplicate(driver.callEvent()));
            driver.awaitInterrupt();
        }
    }

    /** A descriptor that is ready for ever must not keep a processor busy, nor be taken for a kick. */
    @Test
    void aKickDescriptorThatEndedLeavesTheQueueToItself() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler())) {
            ScriptedQueue driver = loopback.driver();
            try (var ended = dev.oriel.linux.UnixSocket.pair().first()) {
                loopback.worker().kickDescriptor(new Descriptor(dev.oriel.linux.FileCalls.dup(ended.number())));
            }
            loopback.worker().kickDescriptor(ScriptedQueue.duplicate(driver.kickEvent()));
            driver.send(driver.buffer(8, true));
            driver.kick();
            driver.await();
        }
    }

    @Test
    void aHandlerThatThrowsStopsItsQueueAndNothingElse() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, chain -> {
                    throw new IllegalArgumentException("as a bug would");
                });
                Loopback other = new Loopback(Layout.USUAL, new EchoHandler())) {
            loopback.driver().send(loopback.driver().buffer(8, true));
            loopback.awaitFailure();
            assertThat(loopback.worker().failed()).isTrue();
            assertThat(loopback.driver().await().written()).isZero();
            other.driver().send(other.driver().buffer(8, true));
            other.driver().await();
            // and can be started again
            int base = loopback.worker().stop();
            loopback.start(base);
            assertThat(loopback.worker().failed()).isFalse();
        }
    }

    @Test
    void theDeviceIsToldToLetGoWhenItsQueueStops() throws Exception {
        BlockingQueue<DescriptorChain> parked = new LinkedBlockingQueue<>();
        ChainHandler locks = new ChainHandler() {
            @Override
            public void handle(DescriptorChain chain) {
                parked.add(chain);
            }

            @Override
            public void drain() {
                parked.forEach(chain -> chain.complete(4));
            }
        };
        try (Loopback loopback = new Loopback(Layout.USUAL, locks)) {
            loopback.driver().send(loopback.driver().buffer(8, true));
            while (parked.isEmpty()) {
                Thread.onSpinWait();
            }
            loopback.worker().stop();
            assertThat(loopback.driver().await().written()).isEqualTo(4);
        }
    }

    /** User-mode Linux says 0 where 0x80008000 is meant; a ring that really stands there is not new. */
    @Test
    void aPackedRingBeginsAtItsBeginningWhetherItsBaseSaysSoOrIsZero() throws Exception {
        Layout layout = new Layout(4, true, false, true);
        try (Loopback loopback = new Loopback(layout, new EchoHandler())) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            assertThat(loopback.worker().stop()).isEqualTo(0x8000_8000);
            loopback.start(0);
            for (int i = 0; i < 4; i++) {
                driver.send(buffer);
                driver.await();
            }
            // once round: both wrap counters have turned to 0
            assertThat(loopback.worker().stop()).isZero();
            loopback.start(0);
            for (int i = 0; i < 4; i++) {
                driver.send(buffer);
                driver.await();
            }
            assertThat(loopback.worker().stop()).isEqualTo(0x8000_8000);
        }
    }

    @Test
    void aRingOutsideMemoryIsRefused() throws Exception {
        try (Loopback loopback = new Loopback(Layout.USUAL, new EchoHandler())) {
            loopback.worker().stop();
            long end = SharedMemory.userAddress(loopback.shared().size());
            long inside = SharedMemory.userAddress(0x1000);
            for (QueueSetup setup : List.of(
                    new QueueSetup(128, end - 1024, inside, inside, 0, RingFeatures.VERSION_1),
                    new QueueSetup(128, inside, end, inside, 0, RingFeatures.VERSION_1),
                    new QueueSetup(128, inside, inside, 0, 0, RingFeatures.VERSION_1),
                    new QueueSetup(128, inside + 8, inside, inside, 0, RingFeatures.VERSION_1),
                    new QueueSetup(128, inside, inside + 1, inside, 0, RingFeatures.VERSION_1))) {
                assertThatThrownBy(() -> loopback.worker().start(setup, new EchoHandler()))
                        .isInstanceOf(InvalidSetupException.class);
                assertThat(loopback.worker().running()).isFalse();
            }
        }
    }
}

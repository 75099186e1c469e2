package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.FileCalls;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.ring.RingLayout;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever page of a guest's memory is gone, and whatever a handler throws: each chain is one chain, and its queue
 * comes to rest.
 */
@Timeout(60)
class LostMemoryTest {
    private static final int PAGE = 4096;

    private static DescriptorChain take(BlockingQueue<DescriptorChain> chains) throws InterruptedException {
        DescriptorChain chain = chains.poll(ScriptedQueue.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        assertThat(chain).as("a chain of the driver").isNotNull();
        return chain;
    }

    /** Those completed at once are given back together: the first of them still finds its place in the ring. */
    @Test
    void aUsedRingWhoseSecondPageIsGoneGivesNoChainToTwoRequests() throws Exception {
        Layout layout = new Layout(512, false, false, true);
        BlockingQueue<DescriptorChain> held = new LinkedBlockingQueue<>();
        boolean[] hold = new boolean[1];
        try (Loopback loopback = new Loopback(layout, chain -> {
            if (hold[0]) {
                held.add(chain);
            } else {
                chain.complete(0);
            }
        })) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            long used = driver.ring().areas().device();
            long page = (used & -PAGE) + PAGE;
            int inFirstPage = (int) (page - used - 4) / 8;
            for (int i = 0; i < inFirstPage - 1; i++) {
                driver.send(buffer);
                driver.await();
            }
            long size = loopback.shared().size();
            loopback.worker().enable(false);
            int base = loopback.worker().stop();
            for (int i = 0; i < 4; i++) {
                driver.send(buffer);
            }
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), page)).isZero();
            loopback.start(base);
            loopback.worker().enable(true);
            loopback.awaitFailure();
            loopback.worker().stop();

            // as many as the queue can have are as many different ones
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), size)).isZero();
            hold[0] = true;
            loopback.start(base);
            for (int i = 4; i < layout.size(); i++) {
                driver.ring().offer(List.of(buffer));
            }
            driver.kick();
            Set<DescriptorChain> different = Collections.newSetFromMap(new IdentityHashMap<>());
            for (int i = 0; i < layout.size(); i++) {
                different.add(take(held));
            }
            different.forEach(chain -> chain.complete(0));
            assertThat(different).hasSize(layout.size());
        }
    }

    /**
     * In a packed ring the driver sees each chain that is given back before the page that is gone: it never gets one of
     * them again.
     */
    @Test
    void aPackedRingWhoseSecondPageIsGoneIsGivenNothingTwice() throws Exception {
        Layout layout = new Layout(512, true, false, false);
        List<DescriptorChain> held = new ArrayList<>();
        int[] hold = {0};
        Runnable[] whenAllAreHeld = new Runnable[1];
        try (Loopback loopback = new Loopback(layout, chain -> {
            if (hold[0] == 0) {
                chain.complete(0);
                return;
            }
            held.add(chain);
            if (held.size() == hold[0]) {
                whenAllAreHeld[0].run();
            }
        })) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            long descriptors = driver.ring().areas().descriptors();
            long page = (descriptors & -PAGE) + PAGE;
            int inFirstPage = (int) (page - descriptors) / RingLayout.DESCRIPTOR_SIZE;
            for (int i = 0; i < inFirstPage - 2; i++) {
                driver.send(buffer);
                driver.await();
            }
            // so many that the device looks for the next one in the first page again
            long size = loopback.shared().size();
            hold[0] = layout.size() - inFirstPage + 4;
            whenAllAreHeld[0] = () -> {
                assertThat(FileCalls.ftruncate(loopback.shared().fd(), page)).isZero();
                held.subList(0, 4).forEach(chain -> chain.complete(0));
            };
            for (int i = 0; i < hold[0]; i++) {
                driver.ring().offer(List.of(buffer));
            }
            driver.kick();
            loopback.awaitFailure();
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), size)).isZero();
            held.subList(4, held.size()).forEach(chain -> chain.complete(0));
            loopback.worker().stop();
            Set<Integer> given = new HashSet<>();
            for (Used used = driver.ring().poll();
                    used != null;
                    used = driver.ring().poll()) {
                assertThat(given.add(used.id())).as("given back once").isTrue();
            }
            assertThat(given).hasSize(2);
            // what is there again is another page, and nobody writes into it
            byte[] zeros = new byte[(layout.size() - inFirstPage) * RingLayout.DESCRIPTOR_SIZE];
            assertThat(loopback.shared().memory().asSlice(page, zeros.length).mismatch(MemorySegment.ofArray(zeros)))
                    .isNegative();
        }
    }

    /**
     * Compiled code takes a chain first, and learns afterwards that its indirect table is gone: how much later depends
     * on how well it is compiled by now.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChainWhoseIndirectTableIsGoneIsNotWaitedFor(boolean packed) throws Exception {
        // Not closed if it fails: that would wait for the chain too.
        Loopback loopback = new Loopback(new Layout(512, packed, true, false), chain -> chain.complete(0));
        ScriptedQueue driver = loopback.driver();
        Buffer buffer = driver.buffer(8, true);
        long size = loopback.shared().size();
        for (int i = 0; i < 200; i++) {
            for (int j = 0; j < 100; j++) {
                driver.send(buffer);
                driver.await();
            }
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), size - PAGE)).isZero();
            driver.ring().offerTable(SharedMemory.guestAddress(size - PAGE), RingLayout.DESCRIPTOR_SIZE);
            driver.kick();
            loopback.awaitFailure();
            int base = CompletableFuture.supplyAsync(loopback.worker()::stop)
                    .get(ScriptedQueue.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            // it may have been given back
            Used _ = driver.ring().poll();
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), size)).isZero();
            loopback.start(base);
        }
        loopback.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsCompletedAfterTheMemoryIsGoneLetsTheQueueRestAndStartAnew(boolean packed) throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(new Layout(32, packed, false, true), chains::add)) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(8, true);
            List<DescriptorChain> inFlight = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                driver.send(buffer);
                inFlight.add(take(chains));
            }
            long size = loopback.shared().size();
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), 0)).isZero();
            inFlight.forEach(chain -> chain.complete(0));
            loopback.worker().stop();
            loopback.table().close();
            assertThat(loopback.table().mappedRegions()).isZero();
            assertThat(FileCalls.ftruncate(loopback.shared().fd(), size)).isZero();
        }
    }

    @Test
    void aChainThatIsHeldIsNotGivenBackWhenItsHandlerThrows() throws Exception {
        BlockingQueue<DescriptorChain> chains = new LinkedBlockingQueue<>();
        try (Loopback loopback = new Loopback(Layout.USUAL, chain -> {
            chain.hold();
            chains.add(chain);
            throw new InternalError("an access some statements before");
        })) {
            ScriptedQueue driver = loopback.driver();
            driver.send(driver.buffer(8, true));
            DescriptorChain chain = take(chains);
            loopback.awaitFailure();
            assertThat(driver.ring().poll()).isNull();
            chain.complete(5);
            assertThat(driver.await().written()).isEqualTo(5);
        }
    }
}

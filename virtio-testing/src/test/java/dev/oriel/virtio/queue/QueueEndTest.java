package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.ring.QueueSetup;
import dev.oriel.virtio.testing.LogLines;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of a queue that does not end as it should. */
@Timeout(60)
class QueueEndTest {
    private final GuestMemoryTable table = new GuestMemoryTable();
    private SharedMemory shared;
    private ScriptedQueue driver;

    @BeforeEach
    void makeARing() throws Exception {
        shared = new SharedMemory(1 << 20);
        table.add(shared.region());
        driver = new ScriptedQueue(shared, ScriptedRing.create(shared, 16, false, false, true));
    }

    @AfterEach
    void close() {
        table.close();
        driver.close();
        shared.close();
    }

    private void start(QueueWorker worker, ChainHandler handler) throws Exception {
        worker.kickDescriptor(ScriptedQueue.duplicate(driver.kickEvent()));
        worker.enable(true);
        ScriptedRing ring = driver.ring();
        worker.start(
                new QueueSetup(
                        ring.size(),
                        SharedMemory.userAddress(ring.areas().descriptors()),
                        SharedMemory.userAddress(ring.areas().driver()),
                        SharedMemory.userAddress(ring.areas().device()),
                        ring.initialBase(),
                        new Layout(16, false, false, true).features()),
                handler);
        driver.send(driver.buffer(8, true));
    }

    @Test
    void aThreadThatHangsIsNamedInTheLogAndWaitedFor() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        QueueWorker worker = new QueueWorker("connection 3, queue 1", table, 0);
        start(worker, chain -> {
            entered.countDown();
            awaitUninterrupted(answers);
            chain.complete(0);
        });
        entered.await();
        try (LogLines log = new LogLines("dev.oriel.virtio")) {
            CompletableFuture<Void> closed = CompletableFuture.runAsync(worker::close);
            assertThat(log.await()).contains("connection 3, queue 1", "waits for its own thread");
            assertThat(closed).isNotDone();
            answers.countDown();
            closed.join();
            assertThat(log.rest()).isEmpty();
        }
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException nobodyDoes) {
            throw new IllegalStateException(nobodyDoes);
        }
    }

    /** Eventfds and what waits for them, of this process. */
    private static long events() throws IOException {
        List<Path> open;
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            open = all.toList();
        }
        long count = 0;
        for (Path each : open) {
            try {
                count += Files.readSymbolicLink(each).toString().matches("anon_inode:\\[event(fd|poll)]") ? 1 : 0;
            } catch (NoSuchFileException closedMeanwhile) {
                // not open any more
            }
        }
        return count;
    }

    @Test
    void whatThrowsWhileItStopsKeepsNoDescriptorOpen() throws Exception {
        long before = events();
        QueueWorker worker = new QueueWorker("queue", table);
        worker.onCall(() -> {
            throw new IllegalStateException("whom the queue calls fails");
        });
        CountDownLatch failed = new CountDownLatch(1);
        worker.onError(failed::countDown);
        // what it has completed is given back when the queue leaves the ring, and the driver is called then
        start(worker, chain -> {
            chain.complete(0);
            throw new IllegalStateException("on purpose");
        });
        failed.await();
        assertThatThrownBy(worker::close).hasMessage("whom the queue calls fails");
        assertThat(events()).isEqualTo(before);
    }
}

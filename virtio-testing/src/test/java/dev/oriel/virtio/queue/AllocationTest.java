package dev.oriel.virtio.queue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.oriel.linux.IoVector;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The thread of a queue allocates nothing per chain, once the compiler has seen it. */
class AllocationTest {
    private static final int WINDOW = 10_000;

    /**
     * It ends with the first window that cost nothing; the compiler comes late to what a queue does rarely, as a sleep
     * with a time limit.
     */
    private static final int MAX_WINDOWS = 600;

    static Stream<Layout> layouts() {
        return Stream.of(false, true)
                .flatMap(packed -> Stream.of(false, true).map(indirect -> new Layout(64, packed, indirect, true)));
    }

    /** Uses a chain as a device does, and notes what its thread allocates from one window to the next. */
    private static final class Counter implements ChainHandler {
        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final IoVector vector = new IoVector(16);
        private int chains;
        private long before;
        private volatile long least = Long.MAX_VALUE;

        @Override
        public void handle(DescriptorChain chain) {
            chains++;
            if (chains % WINDOW == 0) {
                long now = threads.getCurrentThreadAllocatedBytes();
                if (chains > WINDOW) {
                    least = Math.min(least, now - before);
                }
                before = threads.getCurrentThreadAllocatedBytes();
            }
            chain.writable().vector(0, chain.writable().length(), vector);
            int piece = chain.readable().pieceOf(0, 8);
            byte first = chain.readable()
                    .segment(piece)
                    .get(JAVA_BYTE, chain.readable().segmentOffset(piece, 0));
            chain.complete(first);
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void aChainCostsNoMemory(Layout layout) throws Exception {
        Counter counter = new Counter();
        try (Loopback loopback = new Loopback(layout, counter)) {
            ScriptedQueue driver = loopback.driver();
            Buffer request = driver.buffer(8, false);
            Buffer head = driver.buffer(16, true);
            driver.buffer(1, false);
            Buffer tail = driver.buffer(4096, true);
            for (int i = 0; i < WINDOW * MAX_WINDOWS && counter.least > 0; ) {
                // alone, and in batches
                int batch = 1 + i % 8;
                for (int j = 0; j < batch; j++) {
                    driver.send(request, head, tail);
                }
                driver.await(batch);
                i += batch;
            }
            assertThat(counter.least).isZero();
        }
    }
}

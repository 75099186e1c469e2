package dev.oriel.virtio.queue;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.virtio.testing.EchoHandler;
import dev.oriel.virtio.testing.Loopback;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RingRoundTripTest {
    static Stream<Layout> layouts() {
        return Stream.of(1, 8, 128)
                .flatMap(size -> Stream.of(false, true)
                        .flatMap(packed -> Stream.of(false, true)
                                .flatMap(indirect -> Stream.of(false, true)
                                        .map(event -> new Layout(size, packed, indirect, event)))));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void whatTheDriverSendsComesBack(Layout layout) throws Exception {
        try (Loopback loopback = new Loopback(layout, new EchoHandler())) {
            ScriptedQueue driver = loopback.driver();
            int pieces = layout.indirect() ? 4 : Math.min(4, layout.size());
            List<Buffer> buffers = new ArrayList<>();
            for (int i = 0; i < pieces; i++) {
                buffers.add(driver.buffer(8, pieces > 1 && i >= pieces / 2));
            }
            Buffer[] chain = buffers.toArray(Buffer[]::new);
            int echoed = pieces > 1 ? pieces / 2 * 8 : 0;
            for (long round = 1; round <= 1000; round++) {
                for (int i = 0; i < pieces / 2; i++) {
                    driver.memory(chain[i]).set(JAVA_LONG_UNALIGNED, 0, round * 10 + i);
                }
                int id = driver.send(chain);
                assertThat(driver.await()).isEqualTo(new Used(id, echoed));
                for (int i = 0; i < pieces / 2; i++) {
                    assertThat(driver.memory(chain[pieces / 2 + i]).get(JAVA_LONG_UNALIGNED, 0))
                            .isEqualTo(round * 10 + i);
                }
            }
        }
    }

    /** Rings turn around many times, and every chain is in flight together with all others. */
    @ParameterizedTest
    @MethodSource("layouts")
    void aFullRingComesBackWhole(Layout layout) throws Exception {
        try (Loopback loopback = new Loopback(layout, chain -> chain.complete(0))) {
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(16, false);
            for (int round = 0; round < 2000; round++) {
                int sent = 0;
                while (driver.ring().offer(List.of(buffer)) >= 0) {
                    sent++;
                }
                driver.kickIfWanted();
                assertThat(driver.await(sent)).hasSize(layout.size());
            }
        }
    }

    /** As user-mode Linux begins it: vhost-user's base 0x80008000 is what it should say. */
    @Test
    void aFreshPackedRingThatIsSaidToBeginAtZeroIsServed() throws Exception {
        try (Loopback loopback = new Loopback(new Layout(8, true, true, true), chain -> chain.complete(0))) {
            loopback.worker().stop();
            loopback.start(0);
            ScriptedQueue driver = loopback.driver();
            Buffer buffer = driver.buffer(16, false);
            for (int round = 0; round < 20; round++) {
                int id = driver.send(buffer);
                assertThat(driver.await()).isEqualTo(new Used(id, 0));
            }
        }
    }
}

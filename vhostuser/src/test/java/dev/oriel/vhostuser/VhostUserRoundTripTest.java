package dev.oriel.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedRing.Used;
import dev.oriel.virtio.testing.SharedMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VhostUserRoundTripTest {
    @TempDir
    Path folder;

    record Machine(Layout layout, int queues) {}

    static Stream<Machine> machines() {
        return Stream.of(1, 2, 16)
                .flatMap(queues -> Stream.of(false, true)
                        .flatMap(packed -> Stream.of(false, true)
                                .flatMap(indirect -> Stream.of(false, true)
                                        .map(event -> new Machine(new Layout(64, packed, indirect, event), queues)))));
    }

    @ParameterizedTest
    @MethodSource("machines")
    void whatAGuestSendsComesBackOnEveryQueue(Machine machine) throws Exception {
        Layout layout = machine.layout();
        List<ScriptedQueue> drivers = new ArrayList<>();
        try (TestServer server = new TestServer(folder, () -> new EchoDevice(machine.queues()));
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(16 << 20)) {
            frontend.negotiate(layout.features());
            frontend.setMemory(memory);
            for (int i = 0; i < machine.queues(); i++) {
                ScriptedRing ring = ScriptedRing.create(
                        memory, layout.size(), layout.packed(), layout.indirect(), layout.eventIndex());
                drivers.add(new ScriptedQueue(memory, ring));
                frontend.start(i, drivers.get(i));
            }
            for (int i = 0; i < drivers.size(); i++) {
                ScriptedQueue driver = drivers.get(i);
                Buffer request = driver.buffer(8, false);
                Buffer reply = driver.buffer(8, true);
                for (long round = 1; round <= 200; round++) {
                    driver.memory(request).set(JAVA_LONG_UNALIGNED, 0, round);
                    int id = driver.send(request, reply);
                    assertThat(driver.await()).isEqualTo(new Used(id, 8));
                    assertThat(driver.memory(reply).get(JAVA_LONG_UNALIGNED, 0)).isEqualTo(round);
                }
            }
        } finally {
            drivers.forEach(ScriptedQueue::close);
        }
    }
}

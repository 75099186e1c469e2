package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.device.operation.FuseSession;
import dev.oriel.virtio.testing.LogLines;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How races of queues with the end of a session come out is tried by the tests of concurrency. */
@Timeout(60)
class SessionGateTest {
    @Test
    void aSessionThatCannotEndAsARequestHangsSaysSoAndWaits() throws Exception {
        SessionGate gate = new SessionGate(3, 0);
        FuseSession session =
                new FuseSession(new RecordingFileSystem(0).begin(0), ByteOrder.LITTLE_ENDIAN, Client.MINOR, 0);
        gate.open(session);
        assertThat(gate.enter(2)).isSameAs(session);
        gate.defer(2);
        gate.leave(2);
        try (LogLines log = new LogLines("dev.oriel.device")) {
            CompletableFuture<Void> ended = CompletableFuture.runAsync(
                    () -> assertThat(gate.close(() -> {}, false)).isSameAs(session));
            assertThat(log.await()).contains("queue 2", "do not answer");
            assertThat(ended).isNotDone();
            gate.settle(2);
            ended.join();
            assertThat(log.rest()).isEmpty();
        }
    }
}

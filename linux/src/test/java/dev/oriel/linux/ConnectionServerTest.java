package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ConnectionServerTest {
    private final MemorySegment buffer = Arena.ofAuto().allocate(64);

    @TempDir
    Path folder;

    @Test
    void whoIsTurnedAwayHasSaidSomethingAndLearnsOfNoError() throws Exception {
        UnixSocket socket = UnixSocket.listen(folder.resolve("socket"), 4);
        try (var threads = Executors.newSingleThreadExecutor();
                ConnectionServer server = new ConnectionServer(
                        socket,
                        (name, connection) -> {
                            throw new AssertionError("served");
                        },
                        0);
                Connection client = UnixSocket.connect(folder.resolve("socket"));
                DescriptorQueue descriptors = new DescriptorQueue(1)) {
            assertThat(client.send(buffer, 0, 64, new int[0], 0)).isEqualTo(64);
            var _ = threads.submit(() -> {
                server.run();
                return true;
            });
            assertThat(client.receive(buffer, 0, 64, descriptors)).isZero();
        }
    }
}

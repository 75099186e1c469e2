package dev.oriel.vhostuser;

import static dev.oriel.vhostuser.TestFrontend.pair;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.FileCalls;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import dev.oriel.virtio.testing.SilentFileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A front-end passes a file of a file system of its own that never answers: nobody waits for it, its neighbour least of
 * all.
 */
@Timeout(60)
class SilentMemoryTest {
    @TempDir
    Path folder;

    private SilentFileSystem silent;
    private int file;
    private TestServer server;
    private TestFrontend frontend;

    @BeforeEach
    void mount() throws Exception {
        silent = SilentFileSystem.mountOrSkip(Files.createDirectory(folder.resolve("mount")));
        file = silent.open();
        server = new TestServer(folder, () -> new EchoDevice(2));
        frontend = server.connect();
        frontend.negotiate(RingFeatures.VERSION_1);
    }

    @AfterEach
    void close() throws Exception {
        if (file != 0) {
            frontend.close();
            server.awaitIdle();
            serveANeighbour();
            server.close();
            silent.close();
            FileCalls.close(file);
        }
    }

    private void serveANeighbour() throws Exception {
        // stops all threads at a safepoint: one that touches what never answers would not stop
        System.gc();
        try (TestFrontend neighbour = server.connect();
                SharedMemory memory = new SharedMemory(1 << 20);
                ScriptedQueue driver = new ScriptedQueue(memory, ScriptedRing.create(memory, 16, false, false, true))) {
            neighbour.negotiate(RingFeatures.VERSION_1 | RingFeatures.EVENT_IDX);
            neighbour.setMemory(memory);
            neighbour.start(1, driver);
            driver.send(driver.buffer(8, false), driver.buffer(8, true));
            assertThat(driver.await().written()).isEqualTo(8);
        }
    }

    @Test
    void asARegionItIsRefusedAndTheConnectionGoesOn() throws Exception {
        assertThat(frontend.acknowledged(FrontendRequest.ADD_MEM_REG, new long[] {0, 0, 4096, 0, 0}, file))
                .isNotZero();
        frontend.settle();
    }

    @Test
    void inATableItEndsTheConnection() throws Exception {
        frontend.send(FrontendRequest.SET_MEM_TABLE, 0, new long[] {pair(1, 0), 0, 4096, 0, 0}, file);
        assertThat(frontend.ended()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = FrontendRequest.class,
            names = {"GET_FEATURES", "SET_VRING_KICK", "SET_VRING_CALL", "SET_VRING_ERR", "SET_BACKEND_REQ_FD"})
    void whereNoMemoryIsExpectedItEndsTheConnectionToo(FrontendRequest request) throws Exception {
        long[] payload = request == FrontendRequest.GET_FEATURES ? new long[0] : new long[] {0};
        frontend.send(request, 0, payload, file);
        assertThat(frontend.ended()).isTrue();
    }
}

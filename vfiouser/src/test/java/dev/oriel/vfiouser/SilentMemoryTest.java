package dev.oriel.vfiouser;

import static dev.oriel.vfiouser.TestClient.ATTACH;
import static dev.oriel.vfiouser.TestClient.DMA_MAP;
import static dev.oriel.vfiouser.TestClient.GET_INFO;
import static dev.oriel.vfiouser.TestClient.MSIX;
import static dev.oriel.vfiouser.TestClient.SET_IRQS;
import static dev.oriel.vfiouser.TestClient.dma;
import static dev.oriel.vfiouser.TestClient.irqs;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.SharedMemory;
import dev.oriel.virtio.testing.SilentFileSystem;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client passes a file of a file system of its own that never answers: nobody waits for it. */
@Timeout(60)
class SilentMemoryTest {
    private static final long GUEST = SharedMemory.GUEST_ADDRESS;

    @TempDir
    Path folder;

    @Test
    void itIsRefusedWhateverItIsPassedForAndTheClientIsServed() throws Exception {
        SilentFileSystem silent = SilentFileSystem.mountOrSkip(folder);
        int file = silent.open();
        try (TestServer server = new TestServer(new EchoDevice(2))) {
            TestClient client = server.client;
            client.negotiate();
            assertThat(client.ask(DMA_MAP, dma(3, 0, GUEST, 4096), file).errno())
                    .isEqualTo(Errno.EINVAL);
            assertThat(client.ask(SET_IRQS, irqs(ATTACH, MSIX, 0, 1), file).errno())
                    .isEqualTo(Errno.EINVAL);
            // remembered only, as it may not be written
            assertThat(client.ask(DMA_MAP, dma(1, 0, GUEST, 4096), file).errno())
                    .isZero();
            // stops all threads at a safepoint: one that touches what never answers would not stop
            System.gc();
            assertThat(client.ask(GET_INFO, TestClient.payload(16).putInt(0, 16))
                            .errno())
                    .isZero();
        } finally {
            silent.close();
            FileCalls.close(file);
        }
    }
}

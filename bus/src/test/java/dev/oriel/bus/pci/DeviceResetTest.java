package dev.oriel.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.BusAttachment;
import dev.oriel.bus.DeviceStatus;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.testing.LogLines;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceResetTest {
    /** A device without queues, whose files do not answer: a reset waits. */
    private record SilentDevice(CountDownLatch answers) implements VirtioDevice {
        @Override
        public int deviceId() {
            return 26;
        }

        @Override
        public long deviceFeatures() {
            return 0;
        }

        @Override
        public int queueCount() {
            return 0;
        }

        @Override
        public int configSize() {
            return 0;
        }

        @Override
        public void readConfig(int offset, MemorySegment destination) {}

        @Override
        public ChainHandler queue(int index) {
            throw new IndexOutOfBoundsException(index);
        }

        @Override
        public void reset() {
            try {
                answers.await();
            } catch (InterruptedException nobodyDoes) {
                throw new IllegalStateException(nobodyDoes);
            }
        }
    }

    private static final BusAttachment NO_BUS = new BusAttachment() {
        @Override
        public void notifyUsedBuffer(int queue) {}

        @Override
        public void notifyConfigurationChange() {}

        @Override
        public void deviceReset() {}
    };

    @Test
    void whoWaitsForAResetThatHangsIsNamedInTheLog() throws Exception {
        CountDownLatch answers = new CountDownLatch(1);
        try (GuestMemoryTable memory = new GuestMemoryTable();
                BasicFacilities facilities =
                        new BasicFacilities("connection 3", new SilentDevice(answers), memory, 16, 0, null, NO_BUS);
                LogLines log = new LogLines("dev.oriel.bus")) {
            facilities.driverFeatures(1, 1); // VIRTIO_F_VERSION_1
            int driver = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
            assertThat(facilities.status(driver)).isTrue();
            assertThat(facilities.status(driver | DeviceStatus.DRIVER_OK)).isTrue();
            DeviceReset reset = new DeviceReset("connection 3", facilities);
            reset.begin(() -> {});
            CompletableFuture<Void> over = CompletableFuture.runAsync(() -> reset.await(0));
            assertThat(log.await()).contains("connection 3", "waits for a reset");
            assertThat(over).isNotDone();
            answers.countDown();
            over.join();
            assertThat(log.rest()).isEmpty();
        }
    }
}

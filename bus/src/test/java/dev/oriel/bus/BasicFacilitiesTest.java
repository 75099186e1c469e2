package dev.oriel.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.ring.RingFeatures;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules of status, features, configuration and queues, whatever the bus. */
class BasicFacilitiesTest {
    private static final int ACKNOWLEDGE = DeviceStatus.ACKNOWLEDGE;
    private static final int DRIVER = DeviceStatus.DRIVER;
    private static final int FEATURES_OK = DeviceStatus.FEATURES_OK;
    private static final int DRIVER_OK = DeviceStatus.DRIVER_OK;
    private static final int NEEDS_RESET = DeviceStatus.DEVICE_NEEDS_RESET;

    private final EchoDevice device = new EchoDevice(2);
    private final GuestMemoryTable memory = new GuestMemoryTable();
    private final List<String> told = new ArrayList<>();
    private SharedMemoryWindow window;
    private BasicFacilities facilities;

    private final class Bus implements BusAttachment {
        @Override
        public void notifyUsedBuffer(int queue) {
            told.add("used " + queue);
        }

        @Override
        public void notifyConfigurationChange() {
            told.add("configuration");
        }

        @Override
        public void deviceReset() {
            told.add("reset");
        }
    }

    @BeforeEach
    void open() throws LinuxException {
        window = SharedMemoryWindow.reserve(2 * EchoDevice.REGION_LENGTH);
        facilities = new BasicFacilities("device", device, memory, 128, 0, window, new Bus());
    }

    @AfterEach
    void close() {
        facilities.close();
        memory.close();
        window.close();
    }

    private void negotiate(long features) {
        facilities.status(ACKNOWLEDGE);
        facilities.status(ACKNOWLEDGE | DRIVER);
        facilities.driverFeatures(0, (int) features);
        facilities.driverFeatures(1, (int) (features >>> 32));
        facilities.status(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    }

    private DeviceQueue queue(int index) {
        return Objects.requireNonNull(facilities.queue(index));
    }

    @Test
    void featuresAreAcceptedThatWereOffered() {
        assertThat(facilities.offeredFeatures(0)).isEqualTo((int) facilities.offeredFeatures());
        assertThat(facilities.offeredFeatures(1)).isEqualTo((int) (facilities.offeredFeatures() >>> 32));
        assertThat(facilities.offeredFeatures(2)).isZero();
        negotiate(facilities.offeredFeatures());
        assertThat(facilities.status()).isEqualTo(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    }

    @Test
    void featuresThatWereNotOfferedAreNotAccepted() {
        negotiate(RingFeatures.VERSION_1 | BusFeatures.ACCESS_PLATFORM);
        assertThat(facilities.status()).isEqualTo(ACKNOWLEDGE | DRIVER);
    }

    @Test
    void aLegacyDriverIsNotAccepted() {
        negotiate(RingFeatures.INDIRECT_DESC);
        assertThat(facilities.status()).isEqualTo(ACKNOWLEDGE | DRIVER);
        facilities.status(ACKNOWLEDGE | DRIVER | DRIVER_OK);
        assertThat(facilities.status()).isEqualTo(ACKNOWLEDGE | DRIVER | DRIVER_OK | NEEDS_RESET);
        assertThat(told).containsExactly("configuration");
    }

    @Test
    void featuresDoNotChangeOnceTheyAreOk() {
        negotiate(RingFeatures.VERSION_1);
        facilities.driverFeatures(0, -1);
        assertThat(facilities.driverFeatures(0)).isZero();
    }

    @Test
    void onlyAResetClearsBitsOfTheStatus() {
        negotiate(RingFeatures.VERSION_1);
        assertThat(facilities.status(DRIVER)).isFalse();
        assertThat(facilities.status()).isEqualTo(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        assertThat(facilities.status(NEEDS_RESET | 0x30 | ACKNOWLEDGE | DRIVER | FEATURES_OK))
                .isTrue();
        assertThat(facilities.status()).isEqualTo(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        assertThat(facilities.status(0)).isTrue();
        assertThat(facilities.status()).isZero();
        assertThat(facilities.driverFeatures(1)).isZero();
        assertThat(device.resets.get()).isEqualTo(1);
        assertThat(told).containsExactly("reset");
    }

    @Test
    void aRingOutsideOfMemoryMakesTheDeviceNeedAReset() {
        negotiate(RingFeatures.VERSION_1);
        DeviceQueue queue = queue(1);
        queue.descriptorArea(0x1000);
        queue.driverArea(0x2000);
        queue.deviceArea(0x3000);
        facilities.enable(queue);
        facilities.status(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
        assertThat(facilities.status() & NEEDS_RESET).isNotZero();
        assertThat(told).containsExactly("configuration");
        assertThat(queue.running()).isFalse();
        facilities.status(0);
        assertThat(facilities.status()).isZero();
        assertThat(queue.enabled()).isFalse();
        assertThat(queue.descriptorArea()).isZero();
    }

    private boolean runsWith(int size) {
        negotiate(RingFeatures.VERSION_1);
        DeviceQueue queue = queue(0);
        queue.size(size);
        queue.descriptorArea(SharedMemory.GUEST_ADDRESS);
        queue.driverArea(SharedMemory.GUEST_ADDRESS + 0x4000);
        queue.deviceArea(SharedMemory.GUEST_ADDRESS + 0x8000);
        facilities.enable(queue);
        facilities.status(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
        boolean running = queue.running();
        assertThat((facilities.status() & NEEDS_RESET) == 0).isEqualTo(running);
        facilities.status(0);
        return running;
    }

    @Test
    void aRingOfImpossibleSizeMakesTheDeviceNeedAReset() throws Exception {
        try (SharedMemory shared = new SharedMemory(1 << 20)) {
            memory.add(shared.region(0, shared.size(), SharedMemory.GUEST_ADDRESS, SharedMemory.GUEST_ADDRESS));
            for (int size : new int[] {64, 128}) {
                assertThat(runsWith(size)).as("size " + size).isTrue();
            }
            for (int size : new int[] {0, -1, 129, 256, 100}) {
                assertThat(runsWith(size)).as("size " + size).isFalse();
            }
            memory.replace(List.of());
        }
    }

    @Test
    void anEnabledQueueCannotBeChanged() {
        DeviceQueue queue = queue(0);
        queue.size(64);
        facilities.enable(queue);
        queue.size(32);
        queue.descriptorArea(1);
        queue.driverArea(1);
        queue.deviceArea(1);
        assertThat(queue.size()).isEqualTo(64);
        assertThat(queue.descriptorArea() | queue.driverArea() | queue.deviceArea())
                .isZero();
        queue.reset();
        assertThat(queue.size()).isEqualTo(128);
    }

    @Test
    void queuesAndRegionsThatDoNotExistAreAbsent() {
        assertThat(facilities.queue(2)).isNull();
        assertThat(facilities.queue(-1)).isNull();
        assertThat(facilities.sharedMemoryRegionLength(0)).isEqualTo(EchoDevice.REGION_LENGTH);
        assertThat(facilities.sharedMemoryRegionLength(1)).isZero();
        assertThat(facilities.sharedMemoryRegionLength(-1)).isZero();
    }

    @Test
    void theConfigurationReadsAsZerosOutsideOfItself() {
        MemorySegment bytes = MemorySegment.ofArray(new byte[] {9, 9, 9, 9});
        facilities.readConfig(EchoDevice.CONFIG_SIZE - 2, bytes);
        assertThat(bytes.toArray(ValueLayout.JAVA_BYTE)).containsExactly(43, 44, 0, 0);
        facilities.readConfig(Long.MAX_VALUE, bytes);
        assertThat(bytes.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        facilities.readConfig(-1, bytes);
        assertThat(bytes.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void theDeviceHasItsRegionFromTheStartToTheEnd() {
        assertThat(device.region).isSameAs(window);
        facilities.close();
        assertThat(device.region).isNull();
    }
}

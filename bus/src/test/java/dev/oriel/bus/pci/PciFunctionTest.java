package dev.oriel.bus.pci;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.BusFeatures;
import dev.oriel.bus.DeviceStatus;
import dev.oriel.bus.pci.testing.PciDriver;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.RegionMemory;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.HoldingDevice;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A function as a driver in this process finds and uses it, register by register. */
@Timeout(60)
class PciFunctionTest {
    private static final int QUEUES = 2;
    private static final int NO_VECTOR = 0xffff;
    private static final int COMMAND = 4;
    private static final int BAR_0 = 0x10;
    private static final int BAR_2 = 0x18;

    private final EchoDevice device = new EchoDevice(QUEUES);
    private final GuestMemoryTable memory = new GuestMemoryTable();
    private SharedMemory shared;
    private RegionMemory region;
    private PciFunction function;
    private PciDriver pci;
    private ScriptedQueue driver;

    private final PciDriver.Accesses accesses = new PciDriver.Accesses() {
        @Override
        public long read(int where, long offset, int size) {
            byte[] bytes = new byte[size];
            if (where == PciDriver.CONFIG) {
                function.readConfig((int) offset, MemorySegment.ofArray(bytes));
            } else {
                function.readBar(where, offset, MemorySegment.ofArray(bytes));
            }
            long value = 0;
            for (int i = size - 1; i >= 0; i--) {
                value = value << 8 | Byte.toUnsignedLong(bytes[i]);
            }
            return value;
        }

        @Override
        public void write(int where, long offset, int size, long value) {
            byte[] bytes = new byte[size];
            for (int i = 0; i < size; i++) {
                bytes[i] = (byte) (value >>> (8 * i));
            }
            if (where == PciDriver.CONFIG) {
                function.writeConfig((int) offset, MemorySegment.ofArray(bytes));
            } else {
                function.writeBar(where, offset, MemorySegment.ofArray(bytes));
            }
        }
    };

    @BeforeEach
    void open() throws Exception {
        shared = new SharedMemory(1 << 20);
        memory.add(shared.region(0, shared.size(), SharedMemory.GUEST_ADDRESS, SharedMemory.GUEST_ADDRESS));
        region = new RegionMemory(EchoDevice.REGION_LENGTH);
        open(device, region);
    }

    private void open(VirtioDevice inside, @Nullable RegionMemory window) throws Exception {
        function = new PciFunction("function", inside, memory, 128, BusFeatures.ACCESS_PLATFORM, window);
        pci = new PciDriver(accesses);
        driver = new ScriptedQueue(shared, ScriptedRing.create(shared, 16, false, true, true));
    }

    @AfterEach
    void close() {
        function.close();
        region.close();
        memory.close();
        driver.close();
        shared.close();
    }

    private void start(Layout layout) throws Exception {
        driver.close();
        driver = new ScriptedQueue(
                shared,
                ScriptedRing.create(shared, layout.size(), layout.packed(), layout.indirect(), layout.eventIndex()));
        pci.interrupts(true, false);
        function.attach(1, ScriptedQueue.duplicate(driver.callEvent()));
        pci.mask(1, false);
        pci.negotiate(layout.features() | BusFeatures.ACCESS_PLATFORM);
        pci.queue(1, driver.ring(), 1);
        pci.ready();
        assertThat(pci.status() & (DeviceStatus.FEATURES_OK | DeviceStatus.DEVICE_NEEDS_RESET))
                .isEqualTo(DeviceStatus.FEATURES_OK);
    }

    @Test
    void aDriverFindsAllPartsThroughTheCapabilities() throws Exception {
        assertThat(pci.config(0, 4)).isEqualTo(0x1af4 | (0x1040 + device.deviceId()) << 16);
        assertThat(pci.config(8, 1))
                .as("revision of a device that is not transitional")
                .isPositive();
        assertThat(pci.config(0x3d, 1)).as("interrupt pin").isZero();
        assertThat(pci.vectors()).isEqualTo(QUEUES + 1);
        assertThat(pci.part(PciRegisters.COMMON_CFG).length()).isGreaterThanOrEqualTo(0x38);
        assertThat(pci.part(PciRegisters.DEVICE_CFG).length()).isEqualTo(EchoDevice.CONFIG_SIZE);
        PciDriver.Part window = pci.part(PciRegisters.SHARED_MEMORY_CFG);
        assertThat(pci.config(window.capability() + 2, 1))
                .as("length of the capability")
                .isEqualTo(24);
        assertThat(pci.config(window.capability() + 5, 1))
                .as("id of the region")
                .isZero();
        assertThat(window.length()).isEqualTo(EchoDevice.REGION_LENGTH);
        for (int type : new int[] {
            PciRegisters.COMMON_CFG, PciRegisters.NOTIFY_CFG, PciRegisters.ISR_CFG, PciRegisters.DEVICE_CFG
        }) {
            PciDriver.Part part = pci.part(type);
            assertThat(part.offset() + part.length()).isLessThanOrEqualTo(function.barLength(part.bar()));
        }
    }

    @Test
    void aRegionThatTheGuestCannotUseAsMemoryIsNotThere() throws Exception {
        function.close();
        open(device, null);
        assertThat(pci.has(PciRegisters.SHARED_MEMORY_CFG)).isFalse();
        assertThat(function.barLength(2)).isZero();
        accesses.write(PciDriver.CONFIG, BAR_2, 4, -1);
        assertThat(pci.config(BAR_2, 4)).isZero();
        assertThat(device.region).isNull();
    }

    @Test
    void aWindowOfManyGibibytesHasAllItsBits() throws Exception {
        function.close();
        region.close();
        region = new RegionMemory(16L << 30);
        open(device, region);
        accesses.write(PciDriver.CONFIG, BAR_2, 8, -1);
        assertThat(accesses.read(PciDriver.CONFIG, BAR_2, 8)).isEqualTo(-(16L << 30) | 0xc);
        assertThat(pci.part(PciRegisters.SHARED_MEMORY_CFG).length()).isEqualTo(16L << 30);
    }

    @Test
    void whatIsReadOnlyStaysAsItIs() throws Exception {
        byte[] before = new byte[PciFunction.CONFIG_SIZE];
        function.readConfig(0, MemorySegment.ofArray(before));
        int access = pci.part(PciRegisters.PCI_CFG).capability();
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            int offset = random.nextInt(PciFunction.CONFIG_SIZE);
            byte[] nonsense = new byte[1 + random.nextInt(Math.min(8, PciFunction.CONFIG_SIZE - offset))];
            random.nextBytes(nonsense);
            function.writeConfig(offset, MemorySegment.ofArray(nonsense));
        }
        byte[] after = new byte[PciFunction.CONFIG_SIZE];
        function.readConfig(0, MemorySegment.ofArray(after));
        for (int i = 0; i < after.length; i++) {
            boolean writable = (i >= COMMAND && i < COMMAND + 2)
                    || i == 0xc
                    || i == 0xd
                    || (i >= BAR_0 && i < 0x28)
                    || i == 0x3c
                    || (i >= access + 4 && i < access + 20)
                    || i == 0x43;
            if (!writable) {
                assertThat(after[i]).as("byte 0x%x".formatted(i)).isEqualTo(before[i]);
            }
        }
        assertThat(pci.config(COMMAND, 2) & ~0x406).isZero();
        assertThat(pci.config(0x14, 4)).as("a BAR that is not there").isZero();
        function.reset(() -> {});
        function.readConfig(0, MemorySegment.ofArray(after));
        assertThat(after).as("after a reset").isEqualTo(before);
    }

    @Test
    void aBarIsSizedAndMovedWhileTheDeviceWorks() throws Exception {
        start(Layout.USUAL);
        accesses.write(PciDriver.CONFIG, BAR_0, 4, 0xfe00_0000L);
        accesses.write(PciDriver.CONFIG, BAR_2, 8, 0x8_0000_0000L);
        accesses.write(PciDriver.CONFIG, COMMAND, 2, 6);
        assertThat(function.decodesMemory()).isTrue();
        for (int i = 0; i < 20; i++) {
            accesses.write(PciDriver.CONFIG, COMMAND, 2, 4);
            accesses.write(PciDriver.CONFIG, BAR_0, 4, 0xffff_ffffL);
            assertThat(pci.config(BAR_0, 4)).isEqualTo((int) -function.barLength(0));
            accesses.write(PciDriver.CONFIG, BAR_0, 4, 0xfe00_0000L + i * function.barLength(0));
            accesses.write(PciDriver.CONFIG, BAR_2, 4, 0xffff_ffffL);
            accesses.write(PciDriver.CONFIG, BAR_2 + 4, 4, 0xffff_ffffL);
            assertThat(accesses.read(PciDriver.CONFIG, BAR_2, 8)).isEqualTo(-EchoDevice.REGION_LENGTH | 0xc);
            accesses.write(PciDriver.CONFIG, BAR_2, 8, 0x8_0000_0000L + i * EchoDevice.REGION_LENGTH);
            accesses.write(PciDriver.CONFIG, COMMAND, 2, 6);
            assertThat(function.barAddress(0)).isEqualTo(0xfe00_0000L + i * function.barLength(0));
            assertThat(function.regionAddress()).isEqualTo(0x8_0000_0000L + i * EchoDevice.REGION_LENGTH);
            assertThat(pci.echoes(1, driver, i)).isTrue();
        }
        function.reset(() -> {});
        assertThat(function.barAddress(0)).isEqualTo(PciFunction.NOWHERE);
        assertThat(function.regionAddress()).isEqualTo(PciFunction.NOWHERE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestsGoRoundThroughRegistersAndVectors(boolean packed) throws Exception {
        start(new Layout(16, packed, true, true));
        for (int i = 0; i < 100; i++) {
            assertThat(pci.echoes(1, driver, i)).isTrue();
        }
        pci.reset();
        assertThat(device.resets.get()).isPositive();
        start(new Layout(16, packed, false, false));
        assertThat(pci.echoes(1, driver, 42)).isTrue();
    }

    @Test
    void theDevicesConfigurationIsReadByBytesAndWords() throws Exception {
        PciDriver.Part part = pci.part(PciRegisters.DEVICE_CFG);
        assertThat(accesses.read(part.bar(), part.offset() + 3, 1)).isEqualTo(4);
        assertThat(accesses.read(part.bar(), part.offset() + 40, 8)).isEqualTo(0x2c2b_2a29L);
    }

    @Test
    void anInterruptWaitsForItsVectorToBeUnmaskedAndHeard() throws Exception {
        start(Layout.USUAL);
        try (EventDescriptor event = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            function.attach(2, null);
            pci.mask(2, false);
            function.interrupt(2);
            assertThat(pci.pending(2)).as("nobody listens").isTrue();
            function.attach(2, ScriptedQueue.duplicate(event));
            assertThat(event.drain()).isEqualTo(1);
            assertThat(pci.pending(2)).isFalse();
            pci.mask(2, true);
            function.interrupt(2);
            function.interrupt(2);
            assertThat(pci.pending(2)).as("masked").isTrue();
            assertThat(event.drain()).isZero();
            pci.mask(2, false);
            assertThat(event.drain()).isEqualTo(1);
            pci.interrupts(true, true);
            function.interrupt(2);
            assertThat(event.drain()).as("all masked").isZero();
            pci.interrupts(true, false);
            assertThat(event.drain()).isEqualTo(1);
            pci.interrupts(false, false);
            function.interrupt(2);
            assertThat(event.drain()).as("MSI-X is off").isZero();
        }
    }

    @Test
    void aVectorThatDoesNotExistReadsBackAsNone() throws Exception {
        pci.common(PciRegisters.CONFIG_MSIX_VECTOR, 2, QUEUES + 1);
        assertThat(pci.common(PciRegisters.CONFIG_MSIX_VECTOR, 2)).isEqualTo(NO_VECTOR);
        pci.common(PciRegisters.CONFIG_MSIX_VECTOR, 2, QUEUES);
        assertThat(pci.common(PciRegisters.CONFIG_MSIX_VECTOR, 2)).isEqualTo(QUEUES);
        pci.common(PciRegisters.QUEUE_SELECT, 2, 1);
        pci.common(PciRegisters.QUEUE_MSIX_VECTOR, 2, 0x8000);
        assertThat(pci.common(PciRegisters.QUEUE_MSIX_VECTOR, 2)).isEqualTo(NO_VECTOR);
    }

    @Test
    void theIsrStatusSaysWhyAndForgets() throws Exception {
        start(Layout.USUAL);
        assertThat(pci.echoes(1, driver, 1)).isTrue();
        PciDriver.Part isr = pci.part(PciRegisters.ISR_CFG);
        assertThat(accesses.read(isr.bar(), isr.offset(), 1)).isEqualTo(1);
        assertThat(accesses.read(isr.bar(), isr.offset(), 1)).isZero();
    }

    @Test
    void barsAreReachedThroughTheConfigurationSpaceToo() throws Exception {
        int access = pci.part(PciRegisters.PCI_CFG).capability();
        PciDriver.Part common = pci.part(PciRegisters.COMMON_CFG);
        accesses.write(PciDriver.CONFIG, access + 4, 1, common.bar());
        accesses.write(PciDriver.CONFIG, access + 8, 4, common.offset() + PciRegisters.DEVICE_STATUS);
        accesses.write(PciDriver.CONFIG, access + 12, 4, 1);
        accesses.write(PciDriver.CONFIG, access + 16, 4, DeviceStatus.ACKNOWLEDGE);
        assertThat(pci.status()).isEqualTo(DeviceStatus.ACKNOWLEDGE);
        pci.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        assertThat(pci.config(access + 16, 1)).isEqualTo(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        accesses.write(PciDriver.CONFIG, access + 4, 1, 2);
        accesses.write(PciDriver.CONFIG, access + 8, 4, EchoDevice.REGION_LENGTH - 4);
        accesses.write(PciDriver.CONFIG, access + 12, 4, 4);
        accesses.write(PciDriver.CONFIG, access + 16, 4, 0x0403_0201);
        assertThat(region.segment().get(JAVA_BYTE, EchoDevice.REGION_LENGTH - 1))
                .isEqualTo((byte) 4);
        for (int[] beyond :
                new int[][] {{2, (int) EchoDevice.REGION_LENGTH, 4}, {1, 0, 4}, {6, 0, 4}, {0, 1, 4}, {0, 0, 3}}) {
            accesses.write(PciDriver.CONFIG, access + 4, 1, beyond[0]);
            accesses.write(PciDriver.CONFIG, access + 8, 4, beyond[1]);
            accesses.write(PciDriver.CONFIG, access + 12, 4, beyond[2]);
            accesses.write(PciDriver.CONFIG, access + 16, 4, 0x55);
            assertThat(pci.config(access + 16, 4)).as("nothing was accessed").isEqualTo(0x55);
        }
    }

    @Test
    void accessesOfAnyKindAreHarmless() throws Exception {
        start(Layout.USUAL);
        int status = pci.status();
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            long offset = random.nextInt((int) function.barLength(0));
            int size = (int) Math.min(1 + random.nextInt(16), function.barLength(0) - offset);
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            boolean statusOrQueue = offset < 0x40;
            if (random.nextBoolean() && !statusOrQueue) {
                function.writeBar(0, offset, MemorySegment.ofArray(bytes));
            } else {
                function.readBar(0, offset, MemorySegment.ofArray(bytes));
            }
        }
        assertThat(pci.status()).isEqualTo(status);
        pci.mask(1, false);
        assertThat(pci.echoes(1, driver, 99)).isTrue();
        for (int i = 0; i < 5000; i++) {
            byte[] bytes = new byte[1 << random.nextInt(4)];
            random.nextBytes(bytes);
            function.writeBar(0, random.nextInt(0x40), MemorySegment.ofArray(bytes));
        }
        start(Layout.USUAL);
        assertThat(pci.echoes(1, driver, 100)).isTrue();
    }

    @Test
    void aResetThatMustWaitHoldsNobodyUp() throws Exception {
        function.close();
        BlockingQueue<DescriptorChain> held = new LinkedBlockingQueue<>();
        open(new HoldingDevice(held), null);
        start(Layout.USUAL);
        assertThat(driver.ring().offer(List.of(driver.buffer(8, true)))).isNotNegative();
        pci.notify(1);
        DescriptorChain chain = held.take();
        CountDownLatch done = new CountDownLatch(1);
        pci.status(0);
        assertThat(pci.status()).as("still on its way").isNotZero();
        pci.common(PciRegisters.CONFIG_MSIX_VECTOR, 2, 1);
        pci.status(DeviceStatus.ACKNOWLEDGE);
        function.reset(done::countDown);
        assertThat(done.getCount()).isEqualTo(1);
        chain.complete(0);
        done.await();
        assertThat(pci.status()).isZero();
        assertThat(pci.common(PciRegisters.CONFIG_MSIX_VECTOR, 2))
                .as("what was written meanwhile")
                .isEqualTo(NO_VECTOR);
    }

    @Test
    void aResetThatFailsIsOverAllTheSame() throws Exception {
        start(Layout.USUAL);
        device.resetFails = true;
        CountDownLatch done = new CountDownLatch(1);
        function.reset(done::countDown);
        done.await();
        device.resetFails = false;
        assertThat(pci.status()).isZero();
        start(Layout.USUAL);
        assertThat(pci.echoes(1, driver, 1)).isTrue();
    }
}

package dev.oriel.bus.mmio;

import static dev.oriel.bus.mmio.MmioRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.bus.DeviceStatus;
import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.testing.EchoDevice;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The register file by itself: what drivers do to it that no driver should, and devices that are none. */
class MmioRegistersTest {
    private final EchoDevice echo = new EchoDevice(2);
    private final InterruptLine line = new InterruptLine();
    private MachineMemory memory;
    private MmioDevice device;
    private long regionAddress;

    @BeforeEach
    void open() throws LinuxException {
        memory = MachineMemory.create(1 << 20);
        SharedMemoryWindow window = SharedMemoryWindow.reserve(EchoDevice.REGION_LENGTH);
        regionAddress = memory.addSlot(window);
        device = new MmioDevice("device", echo, memory.table(), 64, window, regionAddress, line);
    }

    @AfterEach
    void close() {
        device.close();
        memory.close();
    }

    private int read(int offset) {
        return device.read(offset, Integer.BYTES);
    }

    private void write(int offset, int value) {
        device.write(offset, Integer.BYTES, value);
    }

    @Test
    void theDeviceSaysWhatItIs() {
        assertThat(read(MAGIC_VALUE)).isEqualTo(0x74726976);
        assertThat(read(VERSION)).isEqualTo(2);
        assertThat(read(DEVICE_ID)).isEqualTo(echo.deviceId());
    }

    @Test
    void theRegionIsWhereTheHostPutIt() {
        write(SHM_SEL, 0);
        assertThat(read(SHM_LEN_LOW)).isEqualTo((int) EchoDevice.REGION_LENGTH);
        assertThat(read(SHM_LEN_HIGH)).isZero();
        assertThat(Integer.toUnsignedLong(read(SHM_BASE_LOW)) | (long) read(SHM_BASE_HIGH) << 32)
                .isEqualTo(regionAddress)
                .isGreaterThanOrEqualTo(memory.ramSize());
    }

    @Test
    void selectorsOutOfRangeSelectNothing() {
        for (int select : new int[] {1, 2, 255, 256, 65_536, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
            write(SHM_SEL, select);
            assertThat(read(SHM_LEN_LOW) & read(SHM_LEN_HIGH) & read(SHM_BASE_LOW) & read(SHM_BASE_HIGH))
                    .isEqualTo(-1);
            int beyond = select == 1 ? 2 : select;
            write(QUEUE_SEL, beyond);
            assertThat(read(QUEUE_SIZE_MAX)).isZero();
            write(QUEUE_SIZE, 8);
            write(QUEUE_DESC_LOW, 1);
            write(QUEUE_READY, 1);
            write(QUEUE_NOTIFY, beyond);
            assertThat(read(QUEUE_READY)).isZero();
            write(DEVICE_FEATURES_SEL, beyond);
            assertThat(read(DEVICE_FEATURES)).isZero();
            write(DRIVER_FEATURES_SEL, beyond);
            write(DRIVER_FEATURES, -1);
        }
        write(QUEUE_SEL, 1);
        assertThat(read(QUEUE_SIZE_MAX)).isEqualTo(64);
        assertThat(read(STATUS)).isZero();
    }

    @Test
    void accessThatIsNotOneAlignedWordReadsZeroAndWritesNothing() {
        for (int offset = 0; offset < CONFIG; offset++) {
            assertThat(device.read(offset, 1)).isZero();
            assertThat(device.read(offset, 2)).isZero();
            device.write(offset, 1, -1);
            device.write(offset, 2, -1);
            if (offset % 4 != 0) {
                assertThat(device.read(offset, 4)).isZero();
                device.write(offset, 4, -1);
            }
        }
        assertThat(read(STATUS)).isZero();
    }

    @Test
    void theConfigurationIsReadInAnySizeAndNotWritten() {
        assertThat(device.read(CONFIG, 1)).isEqualTo(1);
        assertThat(device.read(CONFIG + 1, 2)).isEqualTo(0x0302);
        assertThat(device.read(CONFIG, 4)).isEqualTo(0x04030201);
        device.write(CONFIG, 4, -1);
        assertThat(device.read(CONFIG, 4)).isEqualTo(0x04030201);
        assertThat(device.read(CONFIG + EchoDevice.CONFIG_SIZE, 4)).isZero();
        assertThat(device.read(Integer.MAX_VALUE, 4)).isZero();
        assertThat(device.read(CONFIG, 8)).isZero();
        assertThat(device.read(-4, 4)).isZero();
    }

    @Test
    void anInterruptStaysUntilItsCauseIsAcknowledged() {
        int[] raised = new int[1];
        line.addHandler(() -> raised[0]++);
        device.notifyUsedBuffer(0);
        device.notifyUsedBuffer(1);
        assertThat(raised[0]).isEqualTo(1);
        device.notifyConfigurationChange();
        assertThat(read(INTERRUPT_STATUS)).isEqualTo(USED_BUFFER | CONFIGURATION_CHANGE);
        write(INTERRUPT_ACK, USED_BUFFER);
        assertThat(read(INTERRUPT_STATUS)).isEqualTo(CONFIGURATION_CHANGE);
        assertThat(raised[0]).isEqualTo(2);
        write(INTERRUPT_ACK, -1);
        assertThat(read(INTERRUPT_STATUS)).isZero();
        assertThat(raised[0]).isEqualTo(2);
    }

    @Test
    void randomAccessEndsWithAReset() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            int offset = random.nextInt(0x140) & (random.nextBoolean() ? ~3 : ~0);
            if (random.nextBoolean()) {
                int _ = device.read(offset, 4);
            } else {
                write(offset, random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(16));
            }
        }
        write(STATUS, 0);
        assertThat(read(STATUS)).isZero();
        write(QUEUE_SEL, 0);
        assertThat(read(QUEUE_READY)).isZero();
        write(STATUS, DeviceStatus.ACKNOWLEDGE);
        assertThat(read(STATUS)).isEqualTo(DeviceStatus.ACKNOWLEDGE);
    }

    /** A device that answers one register with a lie. */
    private MmioBus lying(int register, int answer) {
        return new MmioBus() {
            @Override
            public int read(int offset, int size) {
                return offset == register ? answer : device.read(offset, size);
            }

            @Override
            public void write(int offset, int size, int value) {
                device.write(offset, size, value);
            }
        };
    }

    private MmioTransport probe(MmioBus bus) throws IOException {
        return MmioTransport.probe("the device", memory, bus, line, echo.deviceId(), 0);
    }

    @Test
    void whatIsNoDeviceIsNotProbed() {
        int[][] lies = {
            {MAGIC_VALUE, 0},
            {VERSION, 1},
            {VERSION, 3},
            {DEVICE_ID, 0},
            {DEVICE_FEATURES, 0},
            {QUEUE_SIZE_MAX, 0},
            {QUEUE_SIZE_MAX, -1}
        };
        for (int[] lie : lies) {
            assertThatExceptionOfType(IOException.class)
                    .as("register 0x%x", lie[0])
                    .isThrownBy(() -> probe(lying(lie[0], lie[1])).close());
        }
    }

    @Test
    void aRegionWhereTheMachineHasNoMemoryIsNotUsed() throws IOException {
        int[][] lies = {{SHM_BASE_LOW, 0x1000}, {SHM_BASE_HIGH, -1}, {SHM_LEN_HIGH, 1}, {SHM_LEN_LOW, 0}};
        for (int[] lie : lies) {
            try (MmioTransport transport = probe(lying(lie[0], lie[1]))) {
                assertThatExceptionOfType(IOException.class)
                        .as("register 0x%x", lie[0])
                        .isThrownBy(() -> transport.sharedMemoryRegion(0))
                        .withMessageContaining("no such memory");
            }
        }
        try (MmioTransport transport = probe(device)) {
            assertThat(transport.sharedMemoryRegion(0)).isPresent();
            assertThat(transport.sharedMemoryRegion(1)).isEmpty();
        }
    }
}

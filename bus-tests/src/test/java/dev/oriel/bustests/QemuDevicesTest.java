package dev.oriel.bustests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.BusTransport;
import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.mmio.MmioBus;
import dev.oriel.bus.mmio.MmioTransport;
import dev.oriel.bus.pci.PciTransport;
import dev.oriel.device.DaxOptions;
import dev.oriel.device.VirtioFsDevice;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.guests.testing.SkipWithoutPart;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.queue.DriverQueue;
import dev.oriel.virtio.ring.DriverRing;
import dev.oriel.virtio.ring.RingFeatures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The drivers' ends of PCI and MMIO on devices of QEMU: they agree on the bytes with somebody else than ourselves. */
@Timeout(120)
@ExtendWith(SkipWithoutPart.class)
class QemuDevicesTest {
    private static final int RNG = 4;
    private static final int BLOCK = 2;
    private static final int FILE_SYSTEM = 26;
    private static final int QUEUE_SIZE = 64;
    private static final int PAGE = 4096;
    private static final int RANGE = 2 << 20;
    private static final long WINDOW = 4L * RANGE;
    private static final int SECTOR = 512;

    private static final int BLOCK_IN = 0;
    private static final int BLOCK_OUT = 1;

    private static final long MMIO_BEGIN = 0xfeb0_0000L;
    private static final int MMIO_SIZE = 512;
    private static final int MMIO_TRANSPORTS = 24;
    private static final int MMIO_DEVICE_ID = 8;

    @TempDir
    Path folder;

    private interface Use {
        void of(VirtioTransport transport) throws IOException;
    }

    private void overPci(int type, Use use, String... arguments) throws IOException {
        try (QemuDevices devices = new QemuDevices(folder, "q35", arguments);
                QemuPciBus bus = new QemuPciBus(devices);
                VirtioTransport transport = PciTransport.probe(devices.memory, bus, type, RingFeatures.ALL)) {
            use.of(transport);
        }
    }

    private void overMmio(int type, Use use, String... arguments) throws IOException {
        try (QemuDevices devices = new QemuDevices(folder, "microvm", arguments)) {
            long registers = MMIO_BEGIN;
            while (devices.read(registers + MMIO_DEVICE_ID, 4) != type) {
                registers += MMIO_SIZE;
                assertThat(registers).isLessThan(MMIO_BEGIN + MMIO_TRANSPORTS * MMIO_SIZE);
            }
            long begin = registers;
            MmioBus bus = new MmioBus() {
                @Override
                public int read(int offset, int size) {
                    return devices.read(begin + offset, size);
                }

                @Override
                public void write(int offset, int size, int value) {
                    devices.write(begin + offset, size, value);
                }
            };
            try (VirtioTransport transport = MmioTransport.probe(
                    "a device of QEMU", devices.memory, bus, new InterruptLine(), type, RingFeatures.ALL)) {
                use.of(transport);
            }
        }
    }

    private static int exchange(DriverQueue queue) {
        DriverRing ring = queue.ring();
        assertThat(ring.offer(7)).isTrue();
        if (ring.publish()) {
            assertThat(queue.notifyDevice()).isZero();
        }
        int token = ring.poll();
        while (token == DriverRing.NONE) {
            Thread.onSpinWait();
            token = ring.poll();
        }
        assertThat(ring.fault()).isNull();
        assertThat(token).isEqualTo(7);
        return ring.usedLength();
    }

    /** Random bytes, more often than the ring has descriptors. */
    private static void random(VirtioTransport transport) throws IOException {
        int size = Math.min(QUEUE_SIZE, transport.maxQueueSize());
        long ringBytes = DriverRing.bytes(size, transport.features());
        long buffer = (ringBytes + PAGE - 1) / PAGE * PAGE;
        try (DriverMemory memory = transport.allocate(buffer + PAGE);
                DriverQueue queue = DriverQueue.create(memory, 0, size, transport.features())) {
            transport.start(memory, List.of(queue));
            byte[] before = new byte[32];
            for (int i = 0; i < 3 * size; i++) {
                queue.ring().writable(memory.guestAddress(buffer), before.length);
                assertThat(exchange(queue)).isEqualTo(before.length);
                byte[] now = memory.segment().asSlice(buffer, before.length).toArray(ValueLayout.JAVA_BYTE);
                assertThat(now).isNotEqualTo(before);
                before = now;
            }
            transport.close();
        }
    }

    private static byte request(DriverQueue queue, DriverMemory memory, long at, int type, long sector) {
        MemorySegment header = memory.segment().asSlice(at, 16);
        header.copyFrom(MemorySegment.ofArray(ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type)
                .putInt(0)
                .putLong(sector)
                .array()));
        long status = at + 16;
        memory.segment().set(ValueLayout.JAVA_BYTE, status, (byte) -1);
        DriverRing ring = queue.ring();
        ring.readable(memory.guestAddress(at), 16);
        if (type == BLOCK_OUT) {
            ring.readable(memory.guestAddress(at + SECTOR), SECTOR);
        } else {
            ring.writable(memory.guestAddress(at + SECTOR), SECTOR);
        }
        ring.writable(memory.guestAddress(status), 1);
        int written = exchange(queue);
        assertThat(written).isEqualTo(type == BLOCK_OUT ? 1 : SECTOR + 1);
        return memory.segment().get(ValueLayout.JAVA_BYTE, status);
    }

    /**
     * The capacity from the configuration; sectors that are read as the disk has them, and found there when they were
     * written.
     */
    private void disk(VirtioTransport transport, Path image) throws IOException {
        byte[] capacity = transport.config(0, Long.BYTES).orElseThrow();
        assertThat(ByteBuffer.wrap(capacity).order(ByteOrder.LITTLE_ENDIAN).getLong())
                .isEqualTo(Files.size(image) / SECTOR);
        long ringBytes = DriverRing.bytes(QUEUE_SIZE, transport.features());
        long at = (ringBytes + PAGE - 1) / PAGE * PAGE;
        try (DriverMemory memory = transport.allocate(at + PAGE);
                DriverQueue queue = DriverQueue.create(memory, 0, QUEUE_SIZE, transport.features())) {
            transport.start(memory, List.of(queue));
            MemorySegment data = memory.segment().asSlice(at + SECTOR, SECTOR);
            assertThat(request(queue, memory, at, BLOCK_IN, 3)).isZero();
            assertThat(data.toArray(ValueLayout.JAVA_BYTE)).containsOnly(3);
            data.fill((byte) 77);
            assertThat(request(queue, memory, at, BLOCK_OUT, 5)).isZero();
            byte[] all = Files.readAllBytes(image);
            assertThat(Arrays.copyOfRange(all, 5 * SECTOR, 6 * SECTOR)).containsOnly(77);
            assertThat(request(queue, memory, at, BLOCK_IN, Long.MAX_VALUE / SECTOR))
                    .isNotZero();
            transport.close();
        }
    }

    private Path image() throws IOException {
        Path image = folder.resolve("disk");
        byte[] bytes = new byte[64 * SECTOR];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i / SECTOR);
        }
        return Files.write(image, bytes);
    }

    @ParameterizedTest
    @CsvSource({"off", "on"})
    void randomNumbersComeOverPci(String packed) throws IOException {
        overPci(RNG, QemuDevicesTest::random, "-device", "virtio-rng-pci,addr=4,disable-legacy=on,packed=" + packed);
    }

    @ParameterizedTest
    @CsvSource({"off", "on"})
    void randomNumbersComeOverMmio(String packed) throws IOException {
        String modern = "virtio-mmio.force-legacy=false";
        overMmio(RNG, QemuDevicesTest::random, "-global", modern, "-device", "virtio-rng-device,packed=" + packed);
    }

    @Test
    void aDiskIsReadAndWrittenOverPci() throws IOException {
        Path image = image();
        String drive = "driver=file,node-name=disk,filename=" + image;
        String device = "virtio-blk-pci,drive=disk,addr=4,disable-legacy=on";
        overPci(BLOCK, transport -> disk(transport, image), "-blockdev", drive, "-device", device);
    }

    @Test
    void aDiskIsReadAndWrittenOverMmio() throws IOException {
        Path image = image();
        String drive = "driver=file,node-name=disk,filename=" + image;
        String modern = "virtio-mmio.force-legacy=false";
        String device = "virtio-blk-device,drive=disk";
        overMmio(BLOCK, transport -> disk(transport, image), "-global", modern, "-blockdev", drive, "-device", device);
    }

    /**
     * The DAX window as a guest sees it: our driver on QEMU's PCI, our device behind it, and the pages in QEMU's BAR.
     */
    @Test
    void whatIsMappedIsInTheBarThatQemuShows() throws Exception {
        Path shared = Files.createDirectory(folder.resolve("shared"));
        byte[] content = "seen through the window".getBytes(UTF_8);
        Files.write(shared.resolve("file"), Arrays.copyOf(content, 2 * RANGE));
        Path socket = folder.resolve("device.sock");
        DaxOptions dax = new DaxOptions(WINDOW, true);
        try (LocalFileSystem files =
                        LocalFileSystem.open(LocalOptions.of(shared).build());
                ConnectionServer server = new ConnectionServer(
                        UnixSocket.listen(socket, 1),
                        (name, connection) -> new VhostUserBackend(
                                name,
                                connection,
                                new VirtioFsDevice(files, "qemu", 2, 2, dax),
                                VhostUserBackend.Options.DEFAULT),
                        1)) {
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    server.run();
                } catch (IOException failed) {
                    throw new IllegalStateException(failed);
                }
            });
            try (QemuDevices devices = new QemuDevices(
                            folder,
                            "q35",
                            "-chardev",
                            "socket,id=oriel,path=" + socket,
                            "-device",
                            "vhost-user-test-device-pci,addr=4,chardev=oriel,virtio-id=26,num_vqs=3,vq_size=64,"
                                    + "config_size=44");
                    QemuPciBus bus = new QemuPciBus(devices);
                    RawDriver driver = new RawDriver(
                            PciTransport.probe(devices.memory, bus, FILE_SYSTEM, RingFeatures.INDIRECT_DESC),
                            ByteOrder.nativeOrder())) {
                assertThat(driver.init()).isZero();
                long node = driver.lookup("file");
                assertThat(driver.setupMapping(node, 0, RANGE)).isZero();
                BusTransport.Location window = bus.sharedMemory();
                assertThat(window.length()).isEqualTo(WINDOW);
                assertThat(devices.bytes(window.address() + RANGE, content.length))
                        .isEqualTo(content);
            }
        }
    }
}

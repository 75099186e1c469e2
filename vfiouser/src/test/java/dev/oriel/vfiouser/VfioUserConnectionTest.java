package dev.oriel.vfiouser;

import static dev.oriel.vfiouser.TestClient.ATTACH;
import static dev.oriel.vfiouser.TestClient.DMA_MAP;
import static dev.oriel.vfiouser.TestClient.DMA_UNMAP;
import static dev.oriel.vfiouser.TestClient.GET_INFO;
import static dev.oriel.vfiouser.TestClient.GET_IRQ_INFO;
import static dev.oriel.vfiouser.TestClient.GET_REGION_INFO;
import static dev.oriel.vfiouser.TestClient.MSIX;
import static dev.oriel.vfiouser.TestClient.REGION_WRITE;
import static dev.oriel.vfiouser.TestClient.RESET;
import static dev.oriel.vfiouser.TestClient.SET_IRQS;
import static dev.oriel.vfiouser.TestClient.dma;
import static dev.oriel.vfiouser.TestClient.irqs;
import static dev.oriel.vfiouser.TestClient.payload;
import static dev.oriel.vfiouser.TestClient.regionInfo;
import static dev.oriel.vfiouser.TestClient.unmap;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.DeviceStatus;
import dev.oriel.bus.pci.PciRegisters;
import dev.oriel.bus.pci.testing.PciDriver;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.ring.DescriptorChain;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.HoldingDevice;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that does what QEMU does, at the server's end of a connection. */
@Timeout(60)
class VfioUserConnectionTest {
    private static final long FEATURES = Layout.USUAL.features();
    private static final long SIZE = 1 << 20;

    private final EchoDevice device = new EchoDevice(2);
    private TestServer server;
    private TestClient client;
    private SharedMemory memory;
    private ScriptedQueue driver;

    @BeforeEach
    void connect() throws Exception {
        server = new TestServer(device);
        client = server.client;
        memory = new SharedMemory(SIZE);
        driver = new ScriptedQueue(memory, ScriptedRing.create(memory, 16, false, true, true));
    }

    @AfterEach
    void disconnect() throws Exception {
        server.close();
        driver.close();
        memory.close();
    }

    private ScriptedQueue anotherRing() throws Exception {
        driver.close();
        driver = new ScriptedQueue(memory, ScriptedRing.create(memory, 16, false, true, true));
        return driver;
    }

    @Test
    void theAnswerToVersionIsNoLongerThanTheQuestion() throws Exception {
        TestClient.Reply reply = TestClient.check(client.negotiate());
        assertThat(reply.payload().getShort(0)).isZero();
        assertThat(reply.payload().getShort(2)).isZero();
        String text = US_ASCII.decode(reply.payload().position(4)).toString();
        assertThat(text).startsWith("{\"capabilities\":{").endsWith("}}\0").contains("\"max_msg_fds\":16");
        assertThat(reply.payload().capacity()).isLessThanOrEqualTo(198);
    }

    @Test
    void aClientIsToldOfRegionsAndInterrupts() throws Exception {
        client.negotiate();
        ByteBuffer info = TestClient.check(client.ask(GET_INFO, payload(16).putInt(0, 16)))
                .payload();
        assertThat(new int[] {info.getInt(0), info.getInt(4), info.getInt(8), info.getInt(12)})
                .containsExactly(16, 3, 9, 5);
        for (int index = 0; index < 9; index++) {
            ByteBuffer region = TestClient.check(client.ask(GET_REGION_INFO, regionInfo(index, 32)))
                    .payload();
            long expected = index == 0 ? 0x8000 : index == 2 ? EchoDevice.REGION_LENGTH : index == 7 ? 256 : 0;
            assertThat(region.capacity()).isEqualTo(32);
            assertThat(region.getInt(0)).isEqualTo(32);
            assertThat(region.getLong(16)).as("region " + index).isEqualTo(expected);
            assertThat(region.getInt(4)).isEqualTo(expected == 0 ? 0 : index == 2 ? 7 : 3);
        }
        for (int index = 0; index < 5; index++) {
            ByteBuffer kind = TestClient.check(
                            client.ask(GET_IRQ_INFO, payload(16).putInt(0, 16).putInt(8, index)))
                    .payload();
            assertThat(kind.getInt(12)).isEqualTo(index == MSIX ? 3 : 0);
        }
    }

    @Test
    void theWindowIsMemoryOfBothSides() throws Exception {
        client.negotiate();
        client.ask(GET_REGION_INFO, regionInfo(2, 32));
        int fd = client.descriptors().take();
        assertThat(fd).isNotNegative();
        assertThat(MemoryCalls.getSeals(fd) & MemoryCalls.F_SEAL_SHRINK)
                .as("cannot shrink")
                .isNotZero();
        try (MappedMemory window =
                MappedMemory.ofFile(fd, 0, EchoDevice.REGION_LENGTH, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE)) {
            window.segment().set(JAVA_LONG_UNALIGNED, 4096, 0x1234_5678_9abc_def0L);
            assertThat(client.read(2, 4096, 8)).isEqualTo(0x1234_5678_9abc_def0L);
            assertThat(device.region).isNotNull();
        } finally {
            FileCalls.close(fd);
        }
    }

    @Test
    void requestsGoRound() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        for (int i = 0; i < 200; i++) {
            assertThat(pci.echoes(1, driver, i)).isTrue();
        }
    }

    @Test
    void aBufferInTheWindowIsTheWindowWhereverItsBarIs() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        for (long address : new long[] {0x8_0000_0000L, 0xf800_0000L}) {
            client.write(PciDriver.CONFIG, 0x18, 8, address);
            TestClient.check(client.ask(DMA_MAP, dma(3, 0, address, EchoDevice.REGION_LENGTH)));
            client.write(2, 512, 8, 77);
            ScriptedRing.Buffer answer = driver.buffer(8, true);
            driver.ring().offer(List.of(new ScriptedRing.Buffer(address + 512, 8, false), answer));
            pci.notify(1);
            assertThat(driver.await().written()).isEqualTo(8);
            assertThat(driver.memory(answer).get(JAVA_LONG_UNALIGNED, 0)).isEqualTo(77);
            assertThat(TestClient.check(client.ask(DMA_UNMAP, unmap(0, address, EchoDevice.REGION_LENGTH)))
                            .payload()
                            .getLong(8))
                    .isEqualTo(address);
        }
    }

    @Test
    void aStormOfMappingsLeavesTheDeviceAtWork() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        for (int i = 0; i < 50; i++) {
            TestClient.check(client.ask(DMA_UNMAP, unmap(2, 0, 0)));
            for (long page = 0; page < SIZE; page += 1 << 14) {
                TestClient.check(
                        client.ask(DMA_MAP, dma(3, page, SharedMemory.GUEST_ADDRESS + page, 1 << 14), memory.fd()));
            }
            assertThat(pci.echoes(1, driver, i)).isTrue();
            TestClient.check(client.ask(DMA_UNMAP, unmap(0, SharedMemory.GUEST_ADDRESS, SIZE)));
            client.map(memory);
            assertThat(pci.echoes(1, driver, -i)).isTrue();
        }
    }

    @Test
    void memoryIsMappedOnceHoweverManyRegionsItHas() throws Exception {
        client.negotiate();
        for (long page = 0; page < SIZE; page += 4096) {
            TestClient.check(
                    client.ask(DMA_MAP, dma(3, page, SharedMemory.GUEST_ADDRESS + 3 * page, 4096), memory.fd()));
        }
        assertThat(Resources.mappings("guest"))
                .as("the test's and the server's")
                .isEqualTo(2);
        TestClient.check(client.ask(DMA_UNMAP, unmap(2, 0, 0)));
        assertThat(Resources.mappings("guest")).isEqualTo(1);
    }

    @Test
    void anInterruptThatNobodyListenedForComesWhenSomebodyDoes() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        TestClient.check(client.ask(SET_IRQS, irqs(ATTACH, MSIX, 1, 1)));
        driver.ring().offer(List.of(driver.buffer(8, false), driver.buffer(8, true)));
        assertThat(driver.ring().enableInterrupts()).isFalse();
        pci.notify(1);
        while (driver.ring().poll() == null) {
            Thread.onSpinWait();
        }
        assertThat(driver.callEvent().drain()).isZero();
        TestClient.check(client.ask(
                SET_IRQS, irqs(ATTACH, MSIX, 1, 1), driver.callEvent().number()));
        driver.awaitInterrupt();
    }

    @Test
    void interruptsAreTriggeredAndDetachedByTheClient() throws Exception {
        client.negotiate();
        new PciDriver(client).interrupts(true, false);
        try (EventDescriptor first = EventDescriptor.create(0);
                EventDescriptor second = EventDescriptor.create(0)) {
            TestClient.check(client.ask(SET_IRQS, irqs(ATTACH, MSIX, 0, 2), first.number(), second.number()));
            TestClient.check(client.ask(SET_IRQS, irqs(0x21, MSIX, 0, 2)));
            ScriptedQueue.awaitSignal(first, "not triggered");
            ScriptedQueue.awaitSignal(second, "not triggered");
            ByteBuffer bools = payload(22).put(irqs(0x22, MSIX, 0, 2).flip()).put(21, (byte) 1);
            TestClient.check(client.ask(SET_IRQS, bools));
            ScriptedQueue.awaitSignal(second, "not triggered");
            assertThat(first.drain()).isZero();
            TestClient.check(client.ask(SET_IRQS, irqs(0x21, MSIX, 0, 0)));
            TestClient.check(client.ask(SET_IRQS, irqs(0x21, MSIX, 0, 2)));
            assertThat(first.drain()).isZero();
        }
    }

    @Test
    void aWriteMayWantNoAnswer() throws Exception {
        client.negotiate();
        PciDriver pci = new PciDriver(client);
        pci.status(DeviceStatus.ACKNOWLEDGE);
        ByteBuffer write = TestClient.access(PciRegisters.DEVICE_STATUS, 0, 1, 1);
        client.message(REGION_WRITE, 16 + write.capacity(), TestClient.NO_REPLY, write);
        assertThat(client.hears(0)).isFalse();
        assertThat(pci.status()).isZero();
    }

    @Test
    void aResetBringsTheFirstDayBack() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        assertThat(pci.echoes(1, driver, 1)).isTrue();
        int resets = device.resets.get();
        TestClient.check(client.ask(RESET, payload(0)));
        assertThat(pci.status()).isZero();
        assertThat(device.resets.get()).isGreaterThan(resets);
        assertThat(client.read(PciDriver.CONFIG, 0x18, 8)).isEqualTo(0xc);
        pci = client.restart(anotherRing(), FEATURES);
        assertThat(pci.echoes(1, driver, 2)).isTrue();
    }

    @Test
    void aResetIsAnsweredWhenNothingIsInFlightAnyMore() throws Exception {
        BlockingQueue<DescriptorChain> held = new LinkedBlockingQueue<>();
        server.close();
        server = new TestServer(new HoldingDevice(held));
        client = server.client;
        PciDriver pci = client.start(memory, driver, FEATURES);
        driver.ring().offer(List.of(driver.buffer(8, true)));
        pci.notify(1);
        DescriptorChain chain = held.take();
        client.send(RESET, payload(0));
        assertThat(client.hears(200)).isFalse();
        chain.complete(0);
        TestClient.check(client.receive());
        assertThat(pci.status()).isZero();
    }

    @Test
    void ringsInMemoryThatIsNotSharedMakeTheDeviceNeedAReset() throws Exception {
        client.negotiate();
        TestClient.check(client.ask(DMA_MAP, dma(3, 0, SharedMemory.GUEST_ADDRESS, SIZE)));
        PciDriver pci = client.restart(driver, FEATURES);
        assertThat(pci.status() & DeviceStatus.DEVICE_NEEDS_RESET).isNotZero();
        TestClient.check(client.ask(DMA_UNMAP, unmap(0, SharedMemory.GUEST_ADDRESS, SIZE)));
        client.map(memory);
        pci = client.restart(anotherRing(), FEATURES);
        assertThat(pci.echoes(1, driver, 3)).isTrue();
    }

    @Test
    void memoryThatGoesStopsTheQueueUntilItIsBack() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        assertThat(pci.echoes(1, driver, 1)).isTrue();
        TestClient.check(client.ask(DMA_UNMAP, unmap(0, SharedMemory.GUEST_ADDRESS, SIZE)));
        driver.ring().offer(List.of(driver.buffer(8, false), driver.buffer(8, true)));
        pci.notify(1);
        client.map(memory);
        assertThat(driver.await().written()).isEqualTo(8);
    }

    @Test
    void anEndFromThisSideComesAfterAllAnswersAndLeavesNothingUnread() throws Exception {
        PciDriver pci = client.start(memory, driver, FEATURES);
        assertThat(pci.echoes(1, driver, 1)).isTrue();
        for (int i = 0; i < 20; i++) {
            client.send(REGION_WRITE, TestClient.access(0x3004, 0, 2, 2));
        }
        server.connection.close();
        try {
            for (int i = 0; i < 20; i++) {
                client.send(REGION_WRITE, TestClient.access(0x3004, 0, 2, 2));
            }
        } catch (LinuxException ended) {
            assertThat(ended.errno()).isEqualTo(Errno.EPIPE);
        }
        for (int i = 0; i < 20; i++) {
            // of those that were sent before, none is missing
            client.skip(32);
        }
        assertThat(client.end()).as("the end of the stream, and no error").isZero();
        server.awaitEnd();
        assertThat(device.region).isNull();
    }
}

package dev.oriel.vfiouser;

import static dev.oriel.vfiouser.TestClient.ATTACH;
import static dev.oriel.vfiouser.TestClient.DMA_MAP;
import static dev.oriel.vfiouser.TestClient.DMA_UNMAP;
import static dev.oriel.vfiouser.TestClient.GET_INFO;
import static dev.oriel.vfiouser.TestClient.GET_IRQ_INFO;
import static dev.oriel.vfiouser.TestClient.GET_REGION_INFO;
import static dev.oriel.vfiouser.TestClient.MSIX;
import static dev.oriel.vfiouser.TestClient.REGION_READ;
import static dev.oriel.vfiouser.TestClient.REGION_WRITE;
import static dev.oriel.vfiouser.TestClient.RESET;
import static dev.oriel.vfiouser.TestClient.SET_IRQS;
import static dev.oriel.vfiouser.TestClient.VERSION;
import static dev.oriel.vfiouser.TestClient.access;
import static dev.oriel.vfiouser.TestClient.dma;
import static dev.oriel.vfiouser.TestClient.irqs;
import static dev.oriel.vfiouser.TestClient.payload;
import static dev.oriel.vfiouser.TestClient.regionInfo;
import static dev.oriel.vfiouser.TestClient.unmap;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.bus.DeviceStatus;
import dev.oriel.bus.pci.PciRegisters;
import dev.oriel.bus.pci.testing.PciDriver;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FcntlCommand;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.virtio.queue.Polling;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a client sends, it is refused or costs the client its connection; nothing of it is left, and another is
 * served meanwhile.
 */
@Timeout(60)
class HostileClientTest {
    private static final long GUEST = SharedMemory.GUEST_ADDRESS;
    private static final long SIZE = 1 << 20;

    private TestServer server;
    private TestClient client;
    private SharedMemory memory;
    private ScriptedQueue driver;
    private EventDescriptor other;
    private long descriptorsBefore;

    @BeforeEach
    void connect() throws Exception {
        useAnotherConnection();
        descriptorsBefore = Resources.descriptors();
        server = new TestServer(new EchoDevice(2));
        client = server.client;
        memory = new SharedMemory(SIZE);
        driver = new ScriptedQueue(memory, ScriptedRing.create(memory, 16, false, true, true));
        other = EventDescriptor.create(0);
    }

    @AfterEach
    void nothingIsLeftAndTheNextIsServed() throws Exception {
        useAnotherConnection();
        server.close();
        driver.close();
        other.close();
        memory.close();
        Resources.awaitDescriptors(descriptorsBefore);
        assertThat(Resources.mappings("guest")).isZero();
        assertThat(Resources.mappings("oriel-window")).isZero();
    }

    private static void useAnotherConnection() throws Exception {
        try (TestServer other = new TestServer(new EchoDevice(2));
                SharedMemory otherMemory = new SharedMemory(SIZE);
                ScriptedQueue otherDriver =
                        new ScriptedQueue(otherMemory, ScriptedRing.create(otherMemory, 16, false, true, true))) {
            assertThat(other.client
                            .start(otherMemory, otherDriver, Layout.USUAL.features())
                            .echoes(1, otherDriver, 5))
                    .isTrue();
        }
    }

    private PciDriver running() throws Exception {
        return client.start(memory, driver, Layout.USUAL.features());
    }

    @FunctionalInterface
    interface Nonsense {
        void send(HostileClientTest test) throws Exception;
    }

    record Case(String name, Nonsense nonsense) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case raw(String name, Nonsense nonsense) {
        return new Case(name, nonsense);
    }

    private static Case command(String name, int command, ByteBuffer payload) {
        return new Case(name, test -> test.client.send(command, payload));
    }

    private static Case withDescriptors(String name, int count, int command, ByteBuffer payload) {
        return new Case(name, test -> {
            int[] fds = new int[count];
            Arrays.fill(fds, test.memory.fd());
            test.client.send(command, payload, fds);
        });
    }

    static Stream<Case> violations() {
        ByteBuffer nothing = payload(0);
        return Stream.of(
                raw("a size of 0", test -> test.client.message(GET_INFO, 0, 0, nothing)),
                raw("a size below the header's", test -> test.client.message(GET_INFO, 15, 0, nothing)),
                raw("a huge size", test -> test.client.message(GET_INFO, Integer.MAX_VALUE, 0, nothing)),
                raw("a negative size", test -> test.client.message(GET_INFO, -1, 0, nothing)),
                raw("a reply that nobody asked for", test -> test.client.message(GET_INFO, 16, 1, nothing)),
                raw("an unknown type", test -> test.client.message(GET_INFO, 16, 7, nothing)),
                raw("half a header", test -> {
                    test.client.raw(new byte[7]);
                    test.client.shutdown();
                }),
                raw("half a message", test -> {
                    test.client.message(REGION_WRITE, 100, 0, access(0, 0, 1, 4));
                    test.client.shutdown();
                }),
                command("another VERSION", VERSION, TestClient.version(0, "{}\0")),
                command("a DMA_MAP that is too short", DMA_MAP, payload(31)),
                command("a DMA_UNMAP that is too short", DMA_UNMAP, payload(8)),
                command("a GET_INFO without payload", GET_INFO, nothing),
                command("a GET_REGION_INFO that is too short", GET_REGION_INFO, payload(16)),
                command("a SET_IRQS that is too short", SET_IRQS, payload(19)),
                command("a REGION_READ that is too short", REGION_READ, payload(15)),
                command("a REGION_WRITE with less data than it says", REGION_WRITE, access(0, 0, 8, 4)),
                withDescriptors("a descriptor that nobody wants", 1, GET_INFO, payload(16)),
                withDescriptors("two descriptors for one mapping", 2, DMA_MAP, dma(3, 0, 0, 4096)),
                withDescriptors("more descriptors than agreed", 17, SET_IRQS, irqs(ATTACH, MSIX, 0, 17)));
    }

    @ParameterizedTest
    @MethodSource("violations")
    void whatIsNoMessageEndsTheConnection(Case violation) throws Exception {
        running();
        violation.nonsense.send(this);
        assertThat(client.end()).isZero();
        server.awaitEnd();
    }

    @Test
    void nothingIsAnsweredBeforeTheVersion() throws Exception {
        client.send(GET_INFO, payload(16));
        assertThat(client.end()).isZero();
    }

    @Test
    void anotherMajorVersionIsRefused() throws Exception {
        assertThat(client.ask(VERSION, TestClient.version(1, "{}\0")).errno()).isPositive();
        TestClient.check(client.negotiate());
    }

    private static Stream<Case> refusals() {
        return Stream.of(
                command("an unknown command", 99, payload(0)),
                command("many writes, which were not announced", 15, payload(32)),
                command("command 0", 0, payload(0)),
                command("migration", 17, payload(16)),
                command("region 9", GET_REGION_INFO, regionInfo(9, 32)),
                command("region -1", GET_REGION_INFO, regionInfo(-1, 32)),
                command("no room for an answer", GET_REGION_INFO, regionInfo(0, 8)),
                command("kind of interrupt 5", GET_IRQ_INFO, payload(16).putInt(8, 5)),
                command("a read behind the end of a BAR", REGION_READ, access(0x8000, 0, 1, 0)),
                command("a read over the end of a BAR", REGION_READ, access(0x7fff, 0, 2, 0)),
                command("a read before the beginning", REGION_READ, access(-1, 0, 1, 0)),
                command("a read of very much", REGION_READ, access(0, 2, Integer.MAX_VALUE, 0)),
                command("a read of more than a message", REGION_READ, access(0, 2, Message.MAX_DATA + 1, 0)),
                command("a read of less than nothing", REGION_READ, access(0, 0, -1, 0)),
                command("a read of a BAR that is not there", REGION_READ, access(0, 1, 4, 0)),
                command("a read of a region that is not there", REGION_READ, access(0, 12, 4, 0)),
                command("a read of region -1", REGION_READ, access(0, -1, 4, 0)),
                command("a write over the end of the configuration", REGION_WRITE, access(254, 7, 4, 4)),
                command("a write behind the window", REGION_WRITE, access(EchoDevice.REGION_LENGTH, 2, 4, 4)),
                command("an interrupt that is not there", SET_IRQS, irqs(0x21, MSIX, 3, 1)),
                command("more interrupts than there are", SET_IRQS, irqs(0x21, MSIX, 1, 3)),
                command("interrupts from -1", SET_IRQS, irqs(0x21, MSIX, -1, 1)),
                command("-1 interrupts", SET_IRQS, irqs(0x21, MSIX, 0, -1)),
                command("an interrupt of another kind", SET_IRQS, irqs(0x21, 0, 0, 1)),
                command("a kind of interrupt that is not there", SET_IRQS, irqs(0x21, 77, 0, 1)),
                command("fewer bools than interrupts", SET_IRQS, irqs(0x22, MSIX, 0, 2)),
                command("an action that is not served", SET_IRQS, irqs(0x09, MSIX, 0, 1)),
                withDescriptors("a file in place of an eventfd", 1, SET_IRQS, irqs(ATTACH, MSIX, 0, 1)),
                new Case(
                        "an eventfd and a file",
                        test -> test.client.send(
                                SET_IRQS, irqs(ATTACH, MSIX, 1, 2), test.other.number(), test.memory.fd())),
                withDescriptors("more descriptors than interrupts", 2, SET_IRQS, irqs(ATTACH, MSIX, 0, 1)),
                command("memory of no size", DMA_MAP, dma(3, 0, 0x1000, 0)),
                command("memory of negative size", DMA_MAP, dma(3, 0, 0x1000, -4096)),
                command("memory that wraps around", DMA_MAP, dma(3, 0, -4096, 8192)),
                command("memory with unknown flags", DMA_MAP, dma(0x13, 0, 0x1000, 4096)),
                withDescriptors("memory that overlaps other", 1, DMA_MAP, dma(3, 0, GUEST + SIZE - 4096, 8192)),
                withDescriptors("memory mapped twice", 1, DMA_MAP, dma(3, 0, GUEST, SIZE)),
                withDescriptors("memory behind the end of its file", 1, DMA_MAP, dma(3, SIZE - 4096, 0x1000, 8192)),
                withDescriptors("memory at a negative offset", 1, DMA_MAP, dma(3, -4096, 0x1000, 4096)),
                withDescriptors("memory of most of all", 1, DMA_MAP, dma(3, 4096, 0x1000, Long.MAX_VALUE)),
                new Case(
                        "an eventfd in place of memory",
                        test -> test.client.send(
                                DMA_MAP,
                                dma(3, 0, 0x1000, 4096),
                                test.driver.callEvent().number())),
                command("memory that was never mapped", DMA_UNMAP, unmap(0, 0x1000, 4096)),
                command("a part of memory", DMA_UNMAP, unmap(0, GUEST, 4096)),
                command("the end of memory", DMA_UNMAP, unmap(0, GUEST + 4096, SIZE)),
                command("no memory", DMA_UNMAP, unmap(0, GUEST, 0)),
                command("memory around the end of all", DMA_UNMAP, unmap(0, -4096, 8192)),
                command("an unmapping of another kind", DMA_UNMAP, unmap(1, GUEST, SIZE)));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatCannotBeDoneIsRefusedAndChangesNothing(Case refusal) throws Exception {
        PciDriver pci = running();
        for (int i = 0; i < 3; i++) {
            refusal.nonsense.send(this);
            TestClient.Reply reply = client.receive();
            assertThat(reply.errno()).isPositive();
            assertThat(reply.payload().capacity())
                    .as("a header and nothing else")
                    .isZero();
            assertThat(pci.echoes(1, driver, i)).isTrue();
        }
    }

    @Test
    void halfAMessageHoldsNoEndUp() throws Exception {
        running();
        client.raw(new byte[7]);
        server.connection.close();
        assertThat(client.end()).isZero();
        server.awaitEnd();
    }

    @Test
    void aClientThatCannotBeServedLearnsOfNoError() throws Exception {
        try (UnixSocket.Pair pair = UnixSocket.pair()) {
            TestClient early = new TestClient(pair.first());
            early.send(VERSION, TestClient.version(0, "{}\0"));
            // there is no memory for its window
            new VfioUserConnection("early", pair.second(), new EchoDevice(2, -4096), 128, Polling.OFF).run();
            assertThat(early.end()).isZero();
            early.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEventThatTheClientHasFilledHoldsNobodyUpForLong(boolean reset) throws Exception {
        PciDriver pci = running();
        try (Arena arena = Arena.ofConfined();
                EventDescriptor full = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            TestClient.check(client.ask(SET_IRQS, irqs(ATTACH, MSIX, 1, 1), full.number()));
            FileCalls.fcntl(full.number(), FcntlCommand.F_SETFL, 0);
            MemorySegment most = arena.allocateFrom(JAVA_LONG, -2);
            assertThat(FileCalls.write(full.number(), most, Long.BYTES)).isEqualTo(Long.BYTES);
            assertThat(driver.ring().enableInterrupts()).isFalse();
            driver.ring().offer(List.of(driver.buffer(8, false), driver.buffer(8, true)));
            pci.notify(1);
            while (driver.ring().poll() == null) {
                Thread.onSpinWait();
            }
            // the thread of the queue waits in the event now, or soon
            TestClient.check(client.ask(SET_IRQS, irqs(0x21, MSIX, 1, 1)));
            if (reset) {
                TestClient.check(client.ask(RESET, payload(0)));
                assertThat(pci.status()).isZero();
            }
            server.connection.close();
            server.awaitEnd();
        }
    }

    @Test
    void manyFilesDoNotTakeTheMappingsOfTheProcess() throws Exception {
        client.negotiate();
        TestClient.Reply last = null;
        for (int i = 0; i <= DmaRegions.MAX_MAPPINGS; i++) {
            try (SharedMemory one = new SharedMemory(4096)) {
                assertThat(last == null ? 0 : last.errno()).isZero();
                last = client.ask(DMA_MAP, dma(3, 0, GUEST + 4096L * i, 4096), one.fd());
            }
        }
        assertThat(requireNonNull(last).errno()).isEqualTo(Errno.ENOSPC);
        assertThat(Resources.mappings("guest")).isEqualTo(DmaRegions.MAX_MAPPINGS + 1);
        TestClient.check(client.ask(DMA_UNMAP, unmap(0, GUEST, 4096)));
        TestClient.check(client.ask(DMA_MAP, dma(3, 0, 0, 4096), memory.fd()));
    }

    @Test
    void memoryThatTheClientCannotWriteIsNotMapped() throws Exception {
        client.negotiate();
        TestClient.check(client.ask(DMA_MAP, dma(1, 0, 0x1000, 4096), memory.fd()));
        assertThat(Resources.mappings("guest")).as("the test's own").isEqualTo(1);
    }

    @Test
    void memoryThatShrinksStopsTheQueueAndNothingElse() throws Exception {
        PciDriver pci = running();
        assertThat(pci.echoes(1, driver, 1)).isTrue();
        FileCalls.ftruncate(memory.fd(), 0);
        pci.notify(1);
        while ((pci.status() & DeviceStatus.DEVICE_NEEDS_RESET) == 0) {
            Thread.onSpinWait();
        }
        useAnotherConnection();
    }

    /** A payload of a command that could be right. */
    private static ByteBuffer sample(ClientCommand command) {
        return switch (command) {
            case VERSION -> TestClient.version(0, "{}\0");
            case DMA_MAP -> dma(3, 0, 0, SIZE);
            case DMA_UNMAP -> unmap(0, GUEST, SIZE);
            case DEVICE_GET_INFO, DEVICE_GET_IRQ_INFO -> payload(16);
            case DEVICE_GET_REGION_INFO -> regionInfo(0, 32);
            case DEVICE_SET_IRQS -> irqs(ATTACH, MSIX, 1, 1);
            case REGION_READ -> access(0, 0, 4, 0);
            // resets the device: the first bytes of BAR 0 are those of the common configuration
            case REGION_WRITE -> access(PciRegisters.DEVICE_STATUS, 0, 1, 1);
            case DEVICE_RESET -> payload(0);
        };
    }

    /** The guest's memory is gone, and a queue runs in it: whatever is asked then is answered, or ends in order. */
    @ParameterizedTest
    @EnumSource(ClientCommand.class)
    void memoryThatIsGoneUnderACommandLeavesNothingBehind(ClientCommand command) throws Exception {
        PciDriver pci = running();
        for (int i = 0; i < 4; i++) {
            driver.ring().offer(List.of(driver.buffer(8, false), driver.buffer(8, true)));
        }
        assertThat(FileCalls.ftruncate(memory.fd(), 0)).isZero();
        pci.notify(1);
        int[] fds = switch (command) {
            case DMA_MAP -> new int[] {memory.fd()};
            case DEVICE_SET_IRQS -> new int[] {other.number()};
            default -> new int[0];
        };
        int number = IntStream.range(0, 16)
                .filter(i -> command.equals(ClientCommand.of(i)))
                .findFirst()
                .orElseThrow();
        client.send(number, sample(command), fds);
        if (command == ClientCommand.VERSION) {
            assertThat(client.end()).isZero();
        } else {
            assertThat(client.receive().errno()).isIn(0, Errno.EINVAL, Errno.EEXIST);
        }
    }

    @Test
    void aClientThatReadsNoAnswersIsSentAway() throws Exception {
        client.negotiate();
        ByteBuffer read = access(0, 2, Message.MAX_DATA, 0);
        // far more answers than a socket holds; the server gives up, and does not wait for ever
        try {
            for (int i = 0; i < 64; i++) {
                client.send(REGION_READ, read);
            }
        } catch (LinuxException sentAway) {
            assertThat(sentAway.errno()).isEqualTo(Errno.EPIPE);
        }
        server.awaitEnd();
    }

    /** A device that can neither be reset nor lose its region: see what is counted after each test. */
    @Test
    void whatCannotBeReleasedKeepsNothingElseOpen() throws Exception {
        EchoDevice stubborn = new EchoDevice(2);
        try (TestServer failing = new TestServer(stubborn)) {
            TestClient.check(failing.client.negotiate());
            stubborn.resetFails = true;
            stubborn.regionStays = true;
        }
    }

    @Test
    void anyBytesEndInTheEndOfTheConnection() throws Exception {
        Random random = new Random(11);
        for (int round = 0; round < 200; round++) {
            byte[] bytes = new byte[1 + random.nextInt(200)];
            random.nextBytes(bytes);
            try (TestServer fuzzed = new TestServer(new EchoDevice(1));
                    EventDescriptor event = EventDescriptor.create(0)) {
                if (random.nextBoolean()) {
                    fuzzed.client.negotiate();
                }
                if (random.nextBoolean() && bytes.length >= 16) {
                    // a plausible header, so that more than the header is looked at
                    ByteBuffer.wrap(bytes)
                            .order(ByteOrder.nativeOrder())
                            .putShort(2, (short) random.nextInt(18))
                            .putInt(4, bytes.length)
                            .putInt(8, 0);
                }
                fuzzed.client.raw(bytes, random.nextBoolean() ? event.number() : memory.fd());
                fuzzed.client.shutdown();
                fuzzed.awaitEnd();
            }
        }
        TestClient.check(client.negotiate());
        TestClient.check(client.ask(RESET, payload(0)));
    }
}

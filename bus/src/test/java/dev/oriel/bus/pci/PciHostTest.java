package dev.oriel.bus.pci;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.testing.EchoDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bus and what a driver believes of it: BARs that are sized and moved while in use, and functions that lie. */
class PciHostTest {
    private static final int COMMAND = 0x04;
    private static final int WINDOW_BAR = 0x18;
    private static final int WORD = Integer.BYTES;

    private final EchoDevice echo = new EchoDevice(2);
    private MachineMemory memory;
    private GuestMemoryTable table;
    private SharedMemoryWindow window;
    private PciFunction function;
    private PciHost host;
    private long windowAddress;

    @BeforeEach
    void open() throws LinuxException {
        memory = MachineMemory.create(1 << 20);
        window = SharedMemoryWindow.reserve(EchoDevice.REGION_LENGTH);
        windowAddress = memory.addSlot(window);
        table = memory.table();
        function = new PciFunction("device", echo, table, 64, 0, window);
        host = new PciHost(memory, true);
        host.add(function, window, windowAddress);
    }

    @AfterEach
    void close() {
        function.close();
        table.close();
        memory.close();
    }

    private PciTransport probe(PciBus bus) throws IOException {
        return PciTransport.probe(memory, bus, echo.deviceId(), 0);
    }

    private boolean windowIsAt(long address) {
        return memory.slot(address, window.length()).isPresent();
    }

    /** What the transport shows is this memory, for as long as the transport is open. */
    private boolean isTheWindow(PciTransport transport) throws IOException {
        SharedMemoryWindow shown = transport.sharedMemoryRegion(0).orElseThrow();
        window.segment().set(JAVA_BYTE, 5, (byte) 77);
        return shown.length() == window.length() && shown.segment().get(JAVA_BYTE, 5) == 77;
    }

    @Test
    void aWindowIsClosedWithItsTransport() throws IOException {
        SharedMemoryWindow shown;
        try (PciTransport transport = probe(host)) {
            shown = transport.sharedMemoryRegion(0).orElseThrow();
        }
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> shown.segment().get(JAVA_BYTE, 0));
        assertThat(window.segment().get(JAVA_BYTE, 0)).isZero();
    }

    @Test
    void aFunctionThatHasADriverIsLeftToItAndTheNextIsFound() throws IOException {
        EchoDevice second = new EchoDevice(1);
        try (PciFunction other = new PciFunction("other", second, table, 64, 0, null)) {
            host.add(other, null, 0);
            try (PciTransport first = probe(host)) {
                int resets = echo.resets.get();
                try (PciTransport next = probe(host)) {
                    assertThat(next.maxQueues()).isEqualTo(1);
                    assertThatExceptionOfType(IOException.class)
                            .isThrownBy(() -> probe(host))
                            .withMessageContaining("in use");
                }
                assertThat(first.status()).isNotZero();
                assertThat(echo.resets.get()).isEqualTo(resets);
            }
        }
    }

    @Test
    void theDeviceReachesAWindowWhereverItsBarIs() {
        long elsewhere = windowAddress + (64 << 20);
        assertThat(table.current().find(windowAddress)).isNotNull();
        host.writeConfig(0, WINDOW_BAR, WORD, (int) elsewhere);
        assertThat(table.current().find(windowAddress)).isNull();
        GuestRegion moved = requireNonNull(table.current().find(elsewhere));
        assertThat(moved.memory().address()).isEqualTo(window.segment().address());
    }

    @Test
    void aWindowHasNoAddressThatRegistersMayHave() throws LinuxException {
        try (MachineMemory large = MachineMemory.create(3L << 30)) {
            assertThat(large.addSlot(SharedMemoryWindow.reserve(1 << 30))).isGreaterThanOrEqualTo(1L << 32);
        }
    }

    /** A device that was not reset may still write: nobody else gets that memory. */
    @Test
    void memoryOfADeviceThatCannotBeResetIsNotGivenAway() throws IOException {
        Stuck stuck = new Stuck(host);
        PciTransport transport = probe(stuck);
        DriverMemory lost = transport.allocate(4096);
        stuck.noReset = true;
        transport.close();
        lost.close();
        try (DriverMemory next = memory.allocate(4096)) {
            assertThat(next.guestAddress(0)).isNotEqualTo(lost.guestAddress(0));
        }
    }

    @Test
    void theWindowIsWhereItsBarSays() throws IOException {
        try (PciTransport transport = probe(host)) {
            assertThat(isTheWindow(transport)).isTrue();
            assertThat(transport.sharedMemoryRegion(1)).isEmpty();
        }
        assertThat(windowIsAt(windowAddress)).isTrue();
    }

    @Test
    void aWindowThatIsMovedWhileItIsUsedIsFoundElsewhere() throws IOException {
        long elsewhere = windowAddress + (64 << 20);
        try (PciTransport transport = probe(host)) {
            window.segment().fill((byte) 7);
            host.writeConfig(0, WINDOW_BAR, WORD, (int) elsewhere);
            host.writeConfig(0, WINDOW_BAR + 4, WORD, (int) (elsewhere >>> 32));
            assertThat(windowIsAt(windowAddress)).isFalse();
            assertThat(windowIsAt(elsewhere)).isTrue();
            // the driver did not move it, and still has the memory it found
            assertThat(window.segment().get(JAVA_BYTE, 100)).isEqualTo((byte) 7);
            assertThat(transport.status()).isNotZero();
        }
    }

    @Test
    void aWindowOverRamOrNotDecodedIsNowhere() {
        host.writeConfig(0, WINDOW_BAR + 4, WORD, 0);
        host.writeConfig(0, WINDOW_BAR, WORD, 0);
        assertThat(windowIsAt(windowAddress)).isFalse();
        assertThat(windowIsAt(0)).isFalse();
        host.writeConfig(0, WINDOW_BAR, WORD, (int) windowAddress);
        host.writeConfig(0, WINDOW_BAR + 4, WORD, (int) (windowAddress >>> 32));
        assertThat(windowIsAt(windowAddress)).isTrue();
        int command = host.readConfig(0, COMMAND, Short.BYTES);
        host.writeConfig(0, COMMAND, Short.BYTES, command & ~2);
        assertThat(windowIsAt(windowAddress)).isFalse();
        host.writeConfig(0, COMMAND, Short.BYTES, command);
        assertThat(windowIsAt(windowAddress)).isTrue();
    }

    @Test
    void registersThatAreMovedWhileTheyAreUsedReadAsOnes() throws IOException {
        try (PciTransport transport = probe(host)) {
            int bar = host.readConfig(0, 0x10, WORD);
            host.writeConfig(0, 0x10, WORD, -1);
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(transport::status)
                    .withMessageContaining("ones");
            host.writeConfig(0, 0x10, WORD, bar);
            assertThat(transport.status()).isNotZero();
        }
    }

    @Test
    void whatIsReadOnlyStaysAsItIs() {
        int[] before = new int[16];
        for (int i = 0; i < before.length; i++) {
            before[i] = host.readConfig(0, i * WORD, WORD);
        }
        for (int i = 0; i < before.length; i++) {
            boolean writable = i == 1 || i == 3 || i == 15 || (i >= 4 && i < 10) || i == 12;
            if (!writable) {
                host.writeConfig(0, i * WORD, WORD, ~before[i]);
                assertThat(host.readConfig(0, i * WORD, WORD))
                        .as("offset 0x%x", i * WORD)
                        .isEqualTo(before[i]);
            }
        }
    }

    @Test
    void accessesThatAreNoneReadOnesAndWriteNothing() {
        for (int[] one :
                new int[][] {{1, 0, 4}, {-1, 0, 4}, {0, 256, 4}, {0, -4, 4}, {0, 1, 4}, {0, 0, 3}, {0, 0, 8}}) {
            assertThat(host.readConfig(one[0], one[1], one[2])).isEqualTo(-1);
            host.writeConfig(one[0], one[1], one[2], 0);
        }
        for (long address : new long[] {0, -1, 1L << 40, windowAddress + 1, Long.MIN_VALUE}) {
            assertThat(host.read(address, WORD)).isEqualTo(-1);
            host.write(address, WORD, 0);
        }
    }

    @Test
    void randomAccessesHarmNobody() throws IOException {
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            int offset = random.nextInt(64) * WORD;
            if (random.nextBoolean()) {
                host.writeConfig(0, offset, WORD, random.nextInt());
            } else {
                host.write(0xe000_0000L + random.nextInt(0x8000), 1 << random.nextInt(3), random.nextInt());
            }
        }
        function.reset(() -> {});
        host.writeConfig(0, 0x10, WORD, 0xe000_0000);
        host.writeConfig(0, WINDOW_BAR, WORD, (int) windowAddress);
        host.writeConfig(0, WINDOW_BAR + 4, WORD, (int) (windowAddress >>> 32));
        try (PciTransport transport = probe(host)) {
            assertThat(isTheWindow(transport)).isTrue();
        }
    }

    /** A bus on which a device, from some time on, does not come out of its reset. */
    private static final class Stuck implements PciBus {
        private final PciBus bus;
        private boolean noReset;

        Stuck(PciBus bus) {
            this.bus = bus;
        }

        @Override
        public int functions() {
            return bus.functions();
        }

        @Override
        public int readConfig(int function, int at, int size) {
            return bus.readConfig(function, at, size);
        }

        @Override
        public void writeConfig(int function, int at, int size, int value) {
            bus.writeConfig(function, at, size, value);
        }

        @Override
        public int read(long address, int size) {
            return noReset ? 1 : bus.read(address, size);
        }

        @Override
        public void write(long address, int size, int value) {
            bus.write(address, size, value);
        }

        @Override
        public boolean memoryIsRam() {
            return true;
        }

        @Override
        public void attach(int function, int vector, Descriptor eventfd) {
            bus.attach(function, vector, eventfd);
        }

        @Override
        public void detach(int function, int vector) {
            bus.detach(function, vector);
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    /** A bus on which one word of the configuration space is a lie. */
    private record Lying(PciBus bus, int offset, int lie, boolean memoryIsRam) implements PciBus {
        @Override
        public int functions() {
            return bus.functions();
        }

        @Override
        public int readConfig(int function, int at, int size) {
            int word = at & ~3;
            return word == offset ? lie >>> ((at - word) * Byte.SIZE) : bus.readConfig(function, at, size);
        }

        @Override
        public void writeConfig(int function, int at, int size, int value) {
            bus.writeConfig(function, at, size, value);
        }

        @Override
        public int read(long address, int size) {
            return bus.read(address, size);
        }

        @Override
        public void write(long address, int size, int value) {
            bus.write(address, size, value);
        }

        @Override
        public void attach(int function, int vector, Descriptor eventfd) {
            bus.attach(function, vector, eventfd);
        }

        @Override
        public void detach(int function, int vector) {
            bus.detach(function, vector);
        }
    }

    /**
     * Every word of the header and of the capability list, each with values that are nonsense there: a refusal or a
     * sound device.
     */
    @Test
    void noWordOfTheConfigurationSpaceIsBelieved() throws IOException {
        probe(host).close();
        long before = descriptors();
        for (int offset = 0; offset < 256; offset += WORD) {
            for (int lie : new int[] {0, -1, 0x4040_4040, 0x0910_4009, 0x7fff_ffff, 0x0000_fc09}) {
                PciBus bus = new Lying(host, offset, lie, true);
                try (PciTransport transport = probe(bus)) {
                    boolean _ = transport.sharedMemoryRegion(0).isPresent();
                } catch (IOException refused) {
                    assertThat(refused).hasMessageContaining("PCI");
                }
            }
        }
        assertThat(descriptors()).isEqualTo(before);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> probe(new Lying(host, 0x34, 0, true)).close())
                .withMessageContaining("capability");
    }

    @Test
    void aWindowThatIsOfferedWhereMemoryIsNotRamIsNotTaken() throws IOException {
        try (PciTransport transport = probe(new Lying(host, -1, 0, false))) {
            assertThat(transport.sharedMemoryRegion(0)).isEmpty();
        }
    }
}

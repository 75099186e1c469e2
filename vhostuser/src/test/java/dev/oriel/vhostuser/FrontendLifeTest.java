package dev.oriel.vhostuser;

import static dev.oriel.vhostuser.TestFrontend.pair;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What real front-ends do, in the orders in which they do it. */
class FrontendLifeTest {
    private static final Layout LAYOUT = new Layout(16, false, true, true);
    private static final long[] NONE = {};

    @TempDir
    Path folder;

    private final List<EchoDevice> devices = Collections.synchronizedList(new ArrayList<>());

    private EchoDevice device() {
        EchoDevice device = new EchoDevice(2);
        devices.add(device);
        return device;
    }

    private static ScriptedQueue driver(SharedMemory memory, Layout layout) throws Exception {
        return new ScriptedQueue(
                memory,
                ScriptedRing.create(memory, layout.size(), layout.packed(), layout.indirect(), layout.eventIndex()));
    }

    private static void echo(ScriptedQueue driver) {
        driver.send(driver.buffer(8, false), driver.buffer(8, true));
        assertThat(driver.await().written()).isEqualTo(8);
    }

    @Test
    void aGuestThatRebootsFindsTheDeviceAsNew() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(4 << 20)) {
            for (int boot = 1; boot <= 5; boot++) {
                frontend.negotiate(LAYOUT.features());
                frontend.send(FrontendRequest.RESET_DEVICE, 0, NONE);
                frontend.setMemory(memory);
                try (ScriptedQueue driver = driver(memory, LAYOUT)) {
                    frontend.start(0, driver);
                    echo(driver);
                    assertThat(frontend.stop(0)).isEqualTo(1);
                }
                assertThat(devices.getFirst().resets).hasValue(boot);
            }
        }
    }

    @Test
    void aResetStopsQueuesThatRun() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(1 << 20);
                ScriptedQueue driver = driver(memory, LAYOUT)) {
            frontend.negotiate(LAYOUT.features());
            frontend.setMemory(memory);
            frontend.start(0, driver);
            echo(driver);
            assertThat(frontend.acknowledged(FrontendRequest.RESET_DEVICE, NONE))
                    .isZero();
            driver.ring().offer(List.of(driver.buffer(8, true)));
            driver.kick();
            frontend.settle();
            assertThat(driver.ring().poll()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aQueueThatStopsAndStartsGoesOnWhereItStood(boolean packed) throws Exception {
        Layout layout = new Layout(16, packed, false, true);
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(1 << 20);
                ScriptedQueue driver = driver(memory, layout)) {
            frontend.negotiate(layout.features());
            frontend.setMemory(memory);
            int base = driver.ring().initialBase();
            for (int i = 0; i < 50; i++) {
                frontend.start(0, driver, base);
                echo(driver);
                base = frontend.stop(0);
            }
        }
    }

    /** QEMU comes back with a new connection to the same socket, with its guest as it was. */
    @Test
    void aFrontendThatComesBackIsServedAsOnTheFirstDay() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                SharedMemory memory = new SharedMemory(1 << 20);
                ScriptedQueue driver = driver(memory, LAYOUT)) {
            for (int i = 0; i < 20; i++) {
                try (TestFrontend frontend = server.connect()) {
                    frontend.negotiate(LAYOUT.features());
                    frontend.setMemory(memory);
                    frontend.start(0, driver, i);
                    echo(driver);
                }
                server.awaitIdle();
                assertThat(devices.get(i).resets).hasValue(1);
            }
            assertThat(devices).hasSize(20);
        }
    }

    @Test
    void severalAreServedAtOnceEachWithItsOwnDevice() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend silent = server.connect();
                TestFrontend first = server.connect();
                TestFrontend second = server.connect();
                SharedMemory firstMemory = new SharedMemory(1 << 20);
                SharedMemory secondMemory = new SharedMemory(1 << 20);
                ScriptedQueue firstDriver = driver(firstMemory, LAYOUT);
                ScriptedQueue secondDriver = driver(secondMemory, LAYOUT)) {
            for (TestFrontend frontend : List.of(first, second)) {
                frontend.negotiate(LAYOUT.features());
            }
            first.setMemory(firstMemory);
            second.setMemory(secondMemory);
            first.start(0, firstDriver);
            second.start(0, secondDriver);
            for (int i = 0; i < 10; i++) {
                echo(firstDriver);
                echo(secondDriver);
            }
            assertThat(devices).hasSize(3);
            assertThat(silent.ask(FrontendRequest.GET_QUEUE_NUM)).isEqualTo(2);
        }
        assertThat(devices).allSatisfy(device -> assertThat(device.resets).hasValue(1));
    }

    @Test
    void moreThanAllowedAreTurnedAway() throws Exception {
        try (TestServer server = new TestServer(folder, this::device, 1);
                TestFrontend first = server.connect()) {
            first.settle();
            try (TestFrontend second = server.connect()) {
                assertThat(second.ended()).isTrue();
            }
            first.settle();
        }
    }

    @Test
    void aServerThatClosesEndsAllConnections() throws Exception {
        TestServer server = new TestServer(folder, this::device);
        try (TestFrontend frontend = server.connect()) {
            frontend.settle();
            server.close();
            assertThat(frontend.ended()).isTrue();
            assertThat(folder.resolve("device.sock")).doesNotExist();
        }
    }

    @Test
    void memorySlotsComeAndGoWhileQueuesRun() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(4 << 20);
                ScriptedQueue driver = driver(memory, LAYOUT)) {
            frontend.negotiate(LAYOUT.features());
            assertThat(frontend.ask(FrontendRequest.GET_MAX_MEM_SLOTS)).isEqualTo(509);
            long[] ram = {0, SharedMemory.GUEST_ADDRESS, memory.size(), SharedMemory.USER_ADDRESS, 0};
            assertThat(frontend.acknowledged(FrontendRequest.ADD_MEM_REG, ram, memory.fd()))
                    .isZero();
            frontend.start(0, driver);
            for (int i = 0; i < 100; i++) {
                // at an odd place of the file
                long[] slot = {0, 4096, 8192, 4096, 512};
                assertThat(frontend.acknowledged(FrontendRequest.ADD_MEM_REG, slot, memory.fd()))
                        .isZero();
                echo(driver);
                assertThat(frontend.acknowledged(FrontendRequest.REM_MEM_REG, slot))
                        .isZero();
            }
        }
    }

    /** As old user-mode Linux sends it: room for more regions than there are. */
    @Test
    void aPaddedMemoryTableIsUnderstood() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(1 << 20);
                ScriptedQueue driver = driver(memory, LAYOUT)) {
            frontend.negotiate(LAYOUT.features());
            long[] table = new long[33];
            table[0] = pair(1, 0);
            table[1] = SharedMemory.GUEST_ADDRESS;
            table[2] = memory.size();
            table[3] = SharedMemory.USER_ADDRESS;
            frontend.send(FrontendRequest.SET_MEM_TABLE, 0, table, memory.fd());
            frontend.start(0, driver);
            echo(driver);
        }
    }

    /** Without the protocol feature bit there is no SET_VRING_ENABLE, and no other negotiation. */
    @Test
    void aFrontendWithoutProtocolFeaturesIsServed() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect();
                SharedMemory memory = new SharedMemory(1 << 20);
                ScriptedQueue driver = driver(memory, LAYOUT)) {
            frontend.send(FrontendRequest.SET_OWNER, 0, NONE);
            frontend.send(FrontendRequest.SET_FEATURES, 0, new long[] {LAYOUT.features()});
            frontend.setMemory(memory);
            frontend.configure(0, driver, 0);
            frontend.send(
                    FrontendRequest.SET_VRING_CALL,
                    0,
                    new long[] {0},
                    driver.callEvent().number());
            frontend.send(
                    FrontendRequest.SET_VRING_KICK,
                    0,
                    new long[] {0},
                    driver.kickEvent().number());
            echo(driver);
        }
    }

    /** User-mode Linux waits for this acknowledgement. */
    @Test
    void theRequestThatNegotiatesAcknowledgementsIsAcknowledged() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect()) {
            long offered = frontend.ask(FrontendRequest.GET_PROTOCOL_FEATURES);
            assertThat(frontend.acknowledged(FrontendRequest.SET_PROTOCOL_FEATURES, new long[] {offered}))
                    .isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 44", "0, 40", "0, 1", "43, 1", "7, 0", "44, 4", "40, 60", "0, 256", "255, 1"})
    void theConfigurationIsReadAnyhow(int offset, int size) throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect()) {
            int[] request = new int[3 + (size + 3) / 4];
            request[0] = offset;
            request[1] = size;
            frontend.message(
                    FrontendRequest.GET_CONFIG.number(),
                    1,
                    12 + size,
                    MemorySegment.ofArray(request).asSlice(0, 12 + size));
            MemorySegment reply = frontend.receive(FrontendRequest.GET_CONFIG.number());
            assertThat(reply.byteSize()).isEqualTo(12 + size);
            assertThat(reply.get(JAVA_INT_UNALIGNED, 0)).isEqualTo(offset);
            assertThat(reply.get(JAVA_INT_UNALIGNED, 4)).isEqualTo(size);
            for (int i = 0; i < size; i++) {
                int expected = offset + i < EchoDevice.CONFIG_SIZE ? offset + i + 1 : 0;
                assertThat(reply.get(JAVA_BYTE, 12 + i)).isEqualTo((byte) expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 257", "256, 1", "-1, 4", "4, -1", "2147483647, 2147483647"})
    void aConfigurationThatCannotBeIsAnsweredWithAnError(int offset, int size) throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect()) {
            int[] request = {offset, size, 0};
            frontend.message(FrontendRequest.GET_CONFIG.number(), 1, 12, MemorySegment.ofArray(request));
            MemorySegment reply = frontend.receive(FrontendRequest.GET_CONFIG.number());
            assertThat(reply.get(JAVA_INT_UNALIGNED, 4)).isZero();
            frontend.settle();
        }
    }

    @Test
    void theStatusIsKept() throws Exception {
        try (TestServer server = new TestServer(folder, this::device);
                TestFrontend frontend = server.connect()) {
            assertThat(frontend.ask(FrontendRequest.GET_STATUS)).isZero();
            frontend.send(FrontendRequest.SET_STATUS, 0, new long[] {8});
            assertThat(frontend.ask(FrontendRequest.GET_STATUS)).isEqualTo(8);
            frontend.send(FrontendRequest.SET_STATUS, 0, new long[] {0});
            assertThat(frontend.ask(FrontendRequest.GET_STATUS)).isZero();
        }
    }
}

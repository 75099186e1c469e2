package dev.oriel.vhostuser;

import static dev.oriel.vhostuser.TestFrontend.VERSION;
import static dev.oriel.vhostuser.TestFrontend.pair;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.virtio.testing.EchoDevice;
import dev.oriel.virtio.testing.Loopback.Layout;
import dev.oriel.virtio.testing.ScriptedQueue;
import dev.oriel.virtio.testing.ScriptedRing;
import dev.oriel.virtio.testing.ScriptedRing.Buffer;
import dev.oriel.virtio.testing.ScriptedSplitRing;
import dev.oriel.virtio.testing.SharedMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a front-end sends, it costs it its connection at most; nothing of it is left, and the next one is served.
 */
class HostileFrontendTest {
    private static final Layout LAYOUT = new Layout(16, false, false, true);
    private static final MemorySegment NOTHING = MemorySegment.NULL.asSlice(0, 0);

    @TempDir
    Path folder;

    private TestServer server;
    private TestFrontend frontend;
    private SharedMemory memory;
    private ScriptedQueue driver;
    private long descriptorsBefore;
    private long mappingsBefore;

    @BeforeEach
    void connect() throws Exception {
        server = new TestServer(folder, () -> new EchoDevice(2));
        // what is loaded and opened once for all is there before the count
        useAnotherConnection();
        descriptorsBefore = descriptors();
        mappingsBefore = mappings();
        memory = new SharedMemory(1 << 20);
        ScriptedRing ring =
                ScriptedRing.create(memory, LAYOUT.size(), LAYOUT.packed(), LAYOUT.indirect(), LAYOUT.eventIndex());
        driver = new ScriptedQueue(memory, ring);
        frontend = server.connect();
    }

    @AfterEach
    void nothingIsLeftAndTheNextIsServed() throws Exception {
        frontend.close();
        driver.close();
        memory.close();
        server.awaitIdle();
        awaitDescriptors(descriptorsBefore);
        assertThat(mappings()).isEqualTo(mappingsBefore);
        useAnotherConnection();
        server.close();
    }

    private void useAnotherConnection() throws Exception {
        try (TestFrontend other = server.connect();
                SharedMemory otherMemory = new SharedMemory(1 << 20);
                ScriptedQueue otherDriver =
                        new ScriptedQueue(otherMemory, ScriptedRing.create(otherMemory, 16, false, false, true))) {
            other.negotiate(LAYOUT.features());
            other.setMemory(otherMemory);
            other.start(1, otherDriver);
            otherDriver.send(otherDriver.buffer(8, false), otherDriver.buffer(8, true));
            assertThat(otherDriver.await().written()).isEqualTo(8);
        }
        server.awaitIdle();
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    /** Waits until no more are open than before: what a peer passed may be closed by a thread of its own. */
    private static void awaitDescriptors(long before) throws IOException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (descriptors() > before && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(descriptors()).isLessThanOrEqualTo(before);
    }

    private static long mappings() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("memfd:guest")).count();
        }
    }

    private void running() throws LinuxException {
        frontend.negotiate(LAYOUT.features());
        frontend.setMemory(memory);
        frontend.start(0, driver);
        frontend.settle();
    }

    private int event() {
        return driver.kickEvent().number();
    }

    @FunctionalInterface
    interface Nonsense {
        void send(HostileFrontendTest test) throws Exception;
    }

    record Case(String name, Nonsense nonsense) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case of(String name, Nonsense nonsense) {
        return new Case(name, nonsense);
    }

    private static Case request(String name, FrontendRequest request, long... words) {
        return new Case(name, test -> test.frontend.send(request, 0, words));
    }

    private static Case region(String name, long guest, long size, long user, long offset) {
        return new Case(name, test -> {
            test.running();
            test.frontend.send(
                    FrontendRequest.ADD_MEM_REG, 0, new long[] {0, guest, size, user, offset}, test.memory.fd());
        });
    }

    static Stream<Case> nonsense() {
        return Stream.of(
                of("version 0", test -> test.frontend.message(1, 0, 0, NOTHING)),
                of("version 2", test -> test.frontend.message(1, 2, 0, NOTHING)),
                of("a reply", test -> test.frontend.message(1, 5, 0, NOTHING)),
                of("a huge payload", test -> test.frontend.message(1, VERSION, Integer.MAX_VALUE, NOTHING)),
                of("a negative payload", test -> test.frontend.message(1, VERSION, -1, NOTHING)),
                of("request 0", test -> test.frontend.message(0, VERSION, 0, NOTHING)),
                of("request 45", test -> test.frontend.message(45, VERSION, 0, NOTHING)),
                of("request -1", test -> test.frontend.message(-1, VERSION, 0, NOTHING)),
                of("postcopy", test -> test.frontend.message(28, VERSION, 0, NOTHING)),
                request("GET_FEATURES with a payload", FrontendRequest.GET_FEATURES, 1),
                request("SET_FEATURES without one", FrontendRequest.SET_FEATURES),
                request("SET_FEATURES of what was not offered", FrontendRequest.SET_FEATURES, 1L << 40),
                request("SET_PROTOCOL_FEATURES of the same", FrontendRequest.SET_PROTOCOL_FEATURES, 1L << 1),
                request("SET_VRING_NUM of no queue", FrontendRequest.SET_VRING_NUM, pair(2, 16)),
                request("SET_VRING_NUM of queue -1", FrontendRequest.SET_VRING_NUM, pair(-1, 16)),
                request("SET_VRING_NUM 0", FrontendRequest.SET_VRING_NUM, pair(0, 0)),
                request("SET_VRING_NUM 1025", FrontendRequest.SET_VRING_NUM, pair(0, 1025)),
                request("SET_VRING_ADDR too short", FrontendRequest.SET_VRING_ADDR, 0, 0),
                request("GET_VRING_BASE of no queue", FrontendRequest.GET_VRING_BASE, pair(7, 0)),
                request("SET_VRING_KICK without what it announces", FrontendRequest.SET_VRING_KICK, 0),
                of(
                        "SET_VRING_KICK with what it denies",
                        test -> test.frontend.send(
                                FrontendRequest.SET_VRING_KICK, 0, new long[] {0x100}, test.event())),
                of(
                        "SET_VRING_KICK before all else",
                        test -> test.frontend.send(FrontendRequest.SET_VRING_KICK, 0, new long[] {0}, test.event())),
                of(
                        "SET_VRING_KICK with a file",
                        test -> test.frontend.send(
                                FrontendRequest.SET_VRING_KICK, 0, new long[] {0}, test.memory.fd())),
                of(
                        "SET_VRING_CALL with two descriptors",
                        test -> test.frontend.send(
                                FrontendRequest.SET_VRING_CALL, 0, new long[] {0}, test.event(), test.event())),
                of(
                        "nine descriptors",
                        test -> test.frontend.send(
                                FrontendRequest.SET_MEM_TABLE,
                                0,
                                new long[40],
                                test.event(),
                                test.event(),
                                test.event(),
                                test.event(),
                                test.event(),
                                test.event(),
                                test.event(),
                                test.event(),
                                test.event())),
                of(
                        "GET_FEATURES with a descriptor",
                        test -> test.frontend.send(FrontendRequest.GET_FEATURES, 0, new long[0], test.event())),
                request("SET_MEM_TABLE without descriptors", FrontendRequest.SET_MEM_TABLE, pair(1, 0), 0, 4096, 0, 0),
                request("SET_MEM_TABLE shorter than it says", FrontendRequest.SET_MEM_TABLE, pair(8, 0), 0, 4096, 0, 0),
                request("SET_MEM_TABLE of -1 regions", FrontendRequest.SET_MEM_TABLE, pair(-1, 0), 0, 4096, 0, 0),
                of(
                        "SET_MEM_TABLE with regions that overlap",
                        test -> test.frontend.send(
                                FrontendRequest.SET_MEM_TABLE,
                                0,
                                new long[] {pair(2, 0), 0, 8192, 0, 0, 4096, 8192, 8192, 0},
                                test.memory.fd(),
                                test.memory.fd())),
                of(
                        "ADD_MEM_REG without a descriptor",
                        test -> test.frontend.send(FrontendRequest.ADD_MEM_REG, 0, new long[] {0, 0, 4096, 0, 0})),
                of(
                        "ADD_MEM_REG of an eventfd",
                        test -> test.frontend.send(
                                FrontendRequest.ADD_MEM_REG, 0, new long[] {0, 0, 4096, 0, 0}, test.event())),
                of(
                        "REM_MEM_REG of what is not there",
                        test -> test.frontend.send(FrontendRequest.REM_MEM_REG, 0, new long[] {0, 0, 4096, 0, 0})),
                region("a region that overlaps", SharedMemory.GUEST_ADDRESS + 4096, 4096, 0, 0),
                region("a region of nothing", 0, 0, 0, 0),
                region("a region of less than nothing", 0, -4096, 0, 0),
                region("a region that wraps around", -4096, 8192, 0, 0),
                region("a region whose user addresses wrap around", 0, 8192, -4096, 0),
                region("a region behind the end of its file", 0, 4096, 0, 1 << 20),
                region("a region larger than its file", 0, (1 << 20) + 1, 0, 0),
                region("a region at a negative offset", 0, 4096, 0, -4096),
                region("a region whose end overflows", 0, Long.MAX_VALUE, 0, 4096),
                of("SET_VRING_NUM of a queue that runs", test -> {
                    test.running();
                    test.frontend.send(FrontendRequest.SET_VRING_NUM, 0, new long[] {pair(0, 8)});
                }),
                of("SET_VRING_ADDR of a queue that runs", test -> {
                    test.running();
                    test.frontend.send(FrontendRequest.SET_VRING_ADDR, 0, new long[] {0, 1, 2, 3, 4});
                }),
                of("SET_VRING_BASE of a queue that runs", test -> {
                    test.running();
                    test.frontend.send(FrontendRequest.SET_VRING_BASE, 0, new long[] {0});
                }),
                of("a ring outside memory", test -> {
                    test.running();
                    test.frontend.stop(0);
                    test.frontend.send(FrontendRequest.SET_VRING_ADDR, 0, new long[] {0, 0, 0, 0, 0});
                    test.frontend.send(FrontendRequest.SET_VRING_KICK, 0, new long[] {0}, test.event());
                }),
                of("a ring that is not a power of two", test -> {
                    test.running();
                    test.frontend.stop(0);
                    test.frontend.send(FrontendRequest.SET_VRING_NUM, 0, new long[] {pair(0, 15)});
                    test.frontend.send(FrontendRequest.SET_VRING_KICK, 0, new long[] {0}, test.event());
                }));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void nonsenseEndsTheConnection(Case nonsense) throws Exception {
        nonsense.nonsense().send(this);
        assertThat(frontend.ended()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 11, 12, 13, 19})
    void aMessageThatIsCutOffEndsTheConnection(int length) throws Exception {
        byte[] message = new byte[20];
        message[0] = 2;
        message[4] = 1;
        message[8] = 8;
        frontend.raw(java.util.Arrays.copyOf(message, length), event());
        frontend.shutdown();
        assertThat(frontend.ended()).isTrue();
    }

    @Test
    void aFrontEndThatReadsNoAnswersIsSentAway() throws Exception {
        // far more answers than a socket holds; the server gives up, and does not wait for ever
        try {
            for (int i = 0; i < 100_000; i++) {
                frontend.send(FrontendRequest.GET_FEATURES, 0, new long[0]);
            }
            throw new AssertionError("all were taken");
        } catch (LinuxException sentAway) {
            assertThat(sentAway.errno()).isIn(Errno.EPIPE, Errno.ECONNRESET);
        }
        server.awaitIdle();
    }

    @Test
    void whoAskedForAnAnswerIsToldNoAndMayGoOn() throws Exception {
        running();
        assertThat(frontend.acknowledged(FrontendRequest.SET_VRING_NUM, new long[] {pair(9, 16)}))
                .isNotZero();
        assertThat(frontend.acknowledged(
                        FrontendRequest.ADD_MEM_REG, new long[] {0, 0, Long.MAX_VALUE, 0, 0}, memory.fd()))
                .isNotZero();
        frontend.message(99, VERSION | TestFrontend.NEED_REPLY, 0, NOTHING);
        assertThat(frontend.receive(99).get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 0))
                .isNotZero();
        driver.send(driver.buffer(8, false), driver.buffer(8, true));
        assertThat(driver.await().written()).isEqualTo(8);
    }

    @Test
    void aQueueWhoseRingIsNonsenseStopsAloneAndSaysSo() throws Exception {
        running();
        ScriptedRing ring = ScriptedRing.create(memory, 16, false, false, true);
        try (ScriptedQueue second = new ScriptedQueue(memory, ring);
                EventDescriptor error = EventDescriptor.create(EventDescriptor.EFD_NONBLOCK)) {
            frontend.send(FrontendRequest.SET_VRING_ERR, 0, new long[] {1}, error.number());
            frontend.start(1, second);
            ((ScriptedSplitRing) ring).jump(100);
            second.kick();
            ScriptedQueue.awaitSignal(error, "the queue did not fail");
            Buffer request = driver.buffer(8, false);
            driver.send(request, driver.buffer(8, true));
            assertThat(driver.await().written()).isEqualTo(8);
        }
    }

    /** A process that dies at any moment leaves its socket in this way. */
    @Test
    void aFrontendThatDiesInTheMiddleLeavesNothing() throws Exception {
        running();
        for (int i = 0; i < 8; i++) {
            driver.send(driver.buffer(8, false));
        }
        frontend.shutdown();
    }

    /** The words of a request that could be right, with room for what any of them has. */
    private void send(FrontendRequest request) throws LinuxException {
        long[] words = switch (request) {
            case SET_MEM_TABLE ->
                new long[] {
                    pair(1, 0), SharedMemory.GUEST_ADDRESS, memory.size(), SharedMemory.USER_ADDRESS, 0,
                };
            case ADD_MEM_REG, REM_MEM_REG ->
                new long[] {
                    0, SharedMemory.GUEST_ADDRESS, memory.size(), SharedMemory.USER_ADDRESS, 0,
                };
            case SET_VRING_ADDR -> new long[5];
            case GET_FEATURES,
                    GET_PROTOCOL_FEATURES,
                    GET_QUEUE_NUM,
                    GET_MAX_MEM_SLOTS,
                    GET_STATUS,
                    SET_OWNER,
                    RESET_OWNER,
                    RESET_DEVICE -> new long[0];
            default -> new long[1];
        };
        int[] fds = switch (request) {
            case SET_MEM_TABLE, ADD_MEM_REG -> new int[] {memory.fd()};
            case SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR -> new int[] {event()};
            default -> new int[0];
        };
        frontend.send(request, 0, words, fds);
    }

    /**
     * The guest's memory is gone, and a queue runs in it: whatever is asked then, and in whatever state the queue is.
     */
    @ParameterizedTest
    @EnumSource(FrontendRequest.class)
    void memoryThatIsGoneUnderARequestLeavesNothingBehind(FrontendRequest request) throws Exception {
        running();
        for (int i = 0; i < 4; i++) {
            driver.send(driver.buffer(8, false), driver.buffer(8, true));
        }
        assertThat(FileCalls.ftruncate(memory.fd(), 0)).isZero();
        driver.kick();
        send(request);
        frontend.shutdown();
    }
}

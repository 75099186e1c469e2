package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.RegionMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Pages of guest memory that a front-end has truncated away: every chain comes back, every session ends, the next one
 * is served.
 */
@Timeout(120)
class LostMemoryTest {
    private static final long LOST = 0x9000_0000L;
    private static final long SIZE = 64 << 10;
    private static final int PAGE = 4096;

    @TempDir
    Path directory;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

    /** Those that have the window, one after another. */
    private final List<VirtioFsDevice> devices = new ArrayList<>();

    private RegionMemory window;

    @BeforeEach
    void makeAWindow() throws Exception {
        window = new RegionMemory(DaxOptions.MIN_LENGTH);
    }

    @AfterEach
    void closeTheWindow() {
        devices.forEach(device -> device.sharedMemoryRegion(0, null));
        window.close();
    }

    /** Gives a guest memory beside its own. */
    private static Descriptor addMemory(Client client) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            Descriptor file = new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(arena.allocateFrom("lost"), MemoryCalls.MFD_CLOEXEC), "create memory"));
            LinuxException.check(FileCalls.ftruncate(file.number(), SIZE), "size memory");
            MappedMemory mapping =
                    MappedMemory.ofFile(file.number(), 0, SIZE, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
            client.guest.add(new GuestRegion(LOST, SIZE, LOST, mapping, 0));
            return file;
        }
    }

    private static void truncate(Descriptor file) {
        assertThat(FileCalls.ftruncate(file.number(), 0)).isZero();
    }

    /** Sends a request whose reply, or which itself, lies where nothing is any more. */
    private static Guest.Sent send(Client client, int queue, byte[] request, boolean replyLost) {
        long own = client.guest.buffer(Math.max(request.length, 8192));
        client.guest.memory().asSlice(own, request.length).copyFrom(MemorySegment.ofArray(request));
        long lost = LOST - Guest.MEMORY;
        return replyLost
                ? client.guest.send(queue, own, request.length, lost, 8192)
                : client.guest.send(queue, lost, request.length, own, 8192);
    }

    /** One request of each operation. */
    private static List<Wire> requests(Client client) {
        List<Wire> all = new ArrayList<>();
        all.add(client.init(7, Client.MINOR, Client.LINUX_FLAGS));
        all.addAll(HostileRequestTest.goodRequests(client));
        all.add(client.request(FuseOpcode.STATFS, 1));
        all.add(client.request(FuseOpcode.READLINK, 1));
        all.add(client.request(FuseOpcode.SYNCFS, 1).u64(0));
        all.add(client.request(FuseOpcode.INTERRUPT, 0).u64(1));
        all.add(client.request(FuseOpcode.FORGET, 1).u64(1));
        all.add(client.request(FuseOpcode.BATCH_FORGET, 0).u32(2, 0).u64(1, 1, 2, 1));
        all.add(client.request(FuseOpcode.SETUPMAPPING, 1)
                .u64(-1, 0, PAGE, FuseFlags.SETUPMAPPING_READ | FuseFlags.SETUPMAPPING_WRITE, 0));
        all.add(client.request(FuseOpcode.REMOVEMAPPING, 1).u32(1).u64(0, PAGE));
        all.add(client.request(FuseOpcode.DESTROY, 0));
        return all;
    }

    /** What is answered ENOSYS whatever it says. */
    private static boolean isServed(int opcode) {
        return switch (opcode) {
            case FuseOpcode.BMAP, FuseOpcode.POLL, FuseOpcode.NOTIFY_REPLY -> false;
            default -> !FuseOpcode.name(opcode).startsWith("opcode ");
        };
    }

    private static boolean isOfHiprio(int opcode) {
        return switch (opcode) {
            case FuseOpcode.INTERRUPT, FuseOpcode.FORGET, FuseOpcode.BATCH_FORGET -> true;
            default -> false;
        };
    }

    private static IntStream operations() {
        return IntStream.range(0, FuseOpcode.COUNT).filter(LostMemoryTest::isServed);
    }

    @Test
    void noOperationIsForgottenHere() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            assertThat(requests(client).stream().map(wire -> HostileRequestTest.opcode(wire.done(), LITTLE_ENDIAN)))
                    .containsExactlyInAnyOrderElementsOf(operations().boxed().toList());
        }
    }

    /** A client whose device has a window. */
    private Client client() throws Exception {
        Client client = new Client(fileSystem, LITTLE_ENDIAN, 2, new DaxOptions(window.length(), false));
        client.device.sharedMemoryRegion(0, window);
        devices.add(client.device);
        return client;
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyRequestComesBackAndItsSessionEnds(int opcode) throws Exception {
        fileSystem.on("getattr", arguments -> {
            ((Attributes) arguments[3]).mode = FileMode.S_IFREG;
            return 0;
        });
        for (boolean replyLost : new boolean[] {true, false}) {
            for (boolean mounted : new boolean[] {true, false}) {
                try (Client client = client();
                        Descriptor file = addMemory(client)) {
                    if (mounted) {
                        client.mount(Client.MINOR, Client.LINUX_FLAGS | FuseInitFlags.MAP_ALIGNMENT);
                    }
                    truncate(file);
                    byte[] request = requests(client).stream()
                            .map(Wire::done)
                            .filter(wire -> HostileRequestTest.opcode(wire, LITTLE_ENDIAN) == opcode)
                            .findAny()
                            .orElseThrow();
                    int queue = isOfHiprio(opcode) ? Client.HIPRIO : Client.REQUESTS;
                    client.guest.awaitLength(send(client, queue, request, replyLost));
                    // another queue of the same guest goes on
                    byte[] other =
                            client.init(7, Client.MINOR, Client.LINUX_FLAGS).done();
                    assertThat(client.guest
                                    .call(Client.OTHER_REQUESTS, LITTLE_ENDIAN, other, 80)
                                    .error())
                            .isZero();
                }
            }
        }
    }

    @Test
    void aRequestThatWaitedComesBackToo() throws Exception {
        fileSystem.on("fsync", arguments -> ((Request) arguments[0]).mayBlock() ? 0 : FileSystemSession.WOULD_BLOCK);
        fileSystem.on("setlk", arguments -> -Errno.EAGAIN);
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN).mount();
                Descriptor file = addMemory(client)) {
            truncate(file);
            byte[] fsync = client.request(FuseOpcode.FSYNC, 3).u64(1).u32(0, 0).done();
            client.guest.awaitLength(send(client, Client.REQUESTS, fsync, true));
            byte[] lock = client.request(FuseOpcode.SETLKW, 3)
                    .u64(1, 66, 0, Long.MAX_VALUE)
                    .u32(1, 8, 0, 0)
                    .done();
            Guest.Sent waiting = send(client, Client.REQUESTS, lock, true);
            assertThat(client.guest
                            .call(
                                    Client.OTHER_REQUESTS,
                                    LITTLE_ENDIAN,
                                    client.request(FuseOpcode.DESTROY, 0).done(),
                                    16)
                            .error())
                    .isZero();
            client.guest.awaitLength(waiting);
        }
    }

    /**
     * The JVM says late what compiled code met: it must not cost the descriptor that was opened meanwhile, nor the
     * queue.
     */
    @Test
    void opensWhoseReplyIsLostLeaveNoDescriptor() throws Exception {
        Files.writeString(directory.resolve("file"), "content");
        try (LocalFileSystem local =
                        LocalFileSystem.open(LocalOptions.of(directory).build());
                Client client = new Client(local, LITTLE_ENDIAN).mount();
                Descriptor file = addMemory(client)) {
            Answer entry = client.call(client.request(FuseOpcode.LOOKUP, 1).name("file"));
            long node = entry.u64(0);
            truncate(file);
            long before = descriptors();
            int opens = 0;
            for (int i = 0; i < 20_000 && !client.guest.failed(Client.REQUESTS); i++) {
                byte[] open = client.request(FuseOpcode.OPEN, node).u32(0, 0).done();
                client.guest.awaitLength(send(client, Client.REQUESTS, open, true));
                opens++;
                if (i % 100 == 99) {
                    // what the client was not told of goes with its session
                    client.guest.call(
                            Client.OTHER_REQUESTS,
                            LITTLE_ENDIAN,
                            client.request(FuseOpcode.DESTROY, 0).done(),
                            16);
                    assertThat(client.guest
                                    .call(
                                            Client.OTHER_REQUESTS,
                                            LITTLE_ENDIAN,
                                            client.init(7, Client.MINOR, Client.LINUX_FLAGS)
                                                    .done(),
                                            80)
                                    .error())
                            .isZero();
                    byte[] lookup =
                            client.request(FuseOpcode.LOOKUP, 1).name("file").done();
                    node = client.guest
                            .call(Client.OTHER_REQUESTS, LITTLE_ENDIAN, lookup, 512)
                            .u64(0);
                }
            }
            client.guest.call(
                    Client.OTHER_REQUESTS,
                    LITTLE_ENDIAN,
                    client.request(FuseOpcode.DESTROY, 0).done(),
                    16);
            assertThat(descriptors()).as("descriptors after %d opens", opens).isLessThanOrEqualTo(before);
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}

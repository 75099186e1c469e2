package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.memory.GuestRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pages of guest memory that a front-end has truncated away: every chain comes back, every session ends, the next one
 * is served.
 */
@Timeout(120)
class LostMemoryTest {
    private static final long LOST = 0x9000_0000L;
    private static final long SIZE = 64 << 10;

    @TempDir
    Path directory;

    private final RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);

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

    private static List<Wire> requests(Client client) {
        List<Wire> all = new ArrayList<>();
        all.add(client.init(7, Client.MINOR, Client.LINUX_FLAGS));
        all.addAll(HostileRequestTest.goodRequests(client));
        all.add(client.request(FuseOpcode.DESTROY, 0));
        return all;
    }

    private int count() throws Exception {
        try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
            return requests(client).size();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyRequestComesBackAndItsSessionEnds(boolean replyLost) throws Exception {
        int count = count();
        for (int i = 0; i < count; i++) {
            for (boolean mounted : new boolean[] {true, false}) {
                try (Client client = new Client(fileSystem, LITTLE_ENDIAN)) {
                    if (mounted) {
                        client.mount();
                    }
                    byte[] request = requests(client).get(i).done();
                    try (Descriptor file = addMemory(client)) {
                        truncate(file);
                        client.guest.awaitLength(send(client, Client.REQUESTS, request, replyLost));
                    }
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

package dev.oriel.device;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The device with a directory of this host behind it, through real rings. */
@Timeout(120)
class LocalDirectoryTest {
    private static final int O_RDWR = 2;
    private static final int REGULAR_0644 = 0100644;

    @TempDir
    Path directory;

    static ByteOrder[] orders() {
        return new ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN};
    }

    private LocalFileSystem share() throws Exception {
        return LocalFileSystem.open(LocalOptions.of(directory).build());
    }

    private static long lookup(Client client, long parent, String name) {
        Answer answer = client.call(client.request(FuseOpcode.LOOKUP, parent).name(name), 128);
        assertThat(answer.error()).isZero();
        return answer.u64(0);
    }

    private static long open(Client client, long node) {
        Answer answer = client.call(client.request(FuseOpcode.OPEN, node).u32(O_RDWR, 0), 16);
        assertThat(answer.error()).isZero();
        return answer.u64(0);
    }

    @ParameterizedTest
    @MethodSource("orders")
    void aFileIsMadeWrittenReadFoundAndRemoved(ByteOrder order) throws Exception {
        byte[] content = new byte[100_000];
        new Random(2).nextBytes(content);
        // The client's user is another than that of the test.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (LocalFileSystem share = share();
                Client client = new Client(share, order).mount()) {
            client.guest.pieceSize = 4096;
            Answer made = client.call(
                    client.request(FuseOpcode.CREATE, 1)
                            .u32(O_RDWR, REGULAR_0644, 022, 0)
                            .name("file"),
                    144);
            assertThat(made.error()).isZero();
            long node = made.u64(0);
            long fh = made.u64(128);
            Answer written = client.call(
                    client.request(FuseOpcode.WRITE, node)
                            .u64(fh, 0)
                            .u32(content.length, 0)
                            .u64(0)
                            .u32(O_RDWR, 0)
                            .raw(content),
                    8);
            assertThat(written.u32(0)).isEqualTo(content.length);
            assertThat(Files.readAllBytes(directory.resolve("file"))).isEqualTo(content);

            Answer read = client.call(
                    client.request(FuseOpcode.READ, node)
                            .u64(fh, 10)
                            .u32(200_000, 0)
                            .u64(0)
                            .u32(O_RDWR, 0),
                    200_000);
            assertThat(read.bodyLength()).isEqualTo(content.length - 10);
            assertThat(read.body()).startsWith(content[10], content[11]).endsWith(content[content.length - 1]);

            Answer attributes = client.call(
                    client.request(FuseOpcode.GETATTR, node).u32(0, 0).u64(0), 104);
            assertThat(attributes.u64(24)).as("size").isEqualTo(content.length);
            assertThat(attributes.u32(76)).as("mode").isEqualTo(REGULAR_0644);

            Answer opened = client.call(client.request(FuseOpcode.OPENDIR, 1).u32(0, 0), 16);
            Answer listed = client.call(
                    client.request(FuseOpcode.READDIRPLUS, 1)
                            .u64(opened.u64(0), 0)
                            .u32(4096, 0)
                            .u64(0)
                            .u32(0, 0),
                    4096);
            assertThat(new String(listed.body(), StandardCharsets.ISO_8859_1)).contains("file");

            assertThat(client.call(client.request(FuseOpcode.FSYNC, node)
                                    .u64(fh)
                                    .u32(0, 0))
                            .error())
                    .isZero();
            assertThat(client.call(client.request(FuseOpcode.UNLINK, 1).name("file"))
                            .error())
                    .isZero();
            assertThat(Files.exists(directory.resolve("file"))).isFalse();
            assertThat(client.call(client.request(FuseOpcode.LOOKUP, 1).name("file"))
                            .error())
                    .isIn(0, -Errno.ENOENT);
        }
    }

    /** Of "." and "..", and of what is gone by the time that it is looked up. */
    @Test
    void whatIsListedWithoutItsNodeHasNoNodeOfAnEarlierReply() throws Exception {
        Files.createDirectory(directory.resolve("empty"));
        Files.createSymbolicLink(directory.resolve("link"), Path.of("x".repeat(1000)));
        try (LocalFileSystem share = share();
                Client client = new Client(share, LITTLE_ENDIAN).mount()) {
            long link = client.call(client.request(FuseOpcode.LOOKUP, 1).name("link"), 128)
                    .u64(0);
            long empty = client.call(client.request(FuseOpcode.LOOKUP, 1).name("empty"), 128)
                    .u64(0);
            long fh = client.call(client.request(FuseOpcode.OPENDIR, empty).u32(0, 0), 16)
                    .u64(0);
            assertThat(client.call(client.request(FuseOpcode.READLINK, link), 4096)
                            .bodyLength())
                    .isEqualTo(1000);
            Answer listed = client.call(
                    client.request(FuseOpcode.READDIRPLUS, empty)
                            .u64(fh, 0)
                            .u32(4096, 0)
                            .u64(0)
                            .u32(0, 0),
                    4096);
            assertThat(listed.bodyLength()).isPositive();
            for (int at = 0; at < listed.bodyLength(); ) {
                assertThat(listed.u64(at)).as("nodeid").isZero();
                at += (128 + 24 + listed.u32(at + 128 + 16) + 7) & -8;
            }
        }
    }

    @Test
    void aLockThatTheHostHoldsIsWaitedFor() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[10]);
        try (LocalFileSystem share = share();
                Client client = new Client(share, LITTLE_ENDIAN).mount();
                FileChannel host = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long node = lookup(client, 1, "file");
            long fh = open(client, node);
            FileLock lock = host.lock();
            Wire request = client.request(FuseOpcode.SETLKW, node)
                    .u64(fh, 7, 0, Long.MAX_VALUE)
                    .u32(1, 99, 0, 0);
            Guest.Sent waiting = client.send(request, 0);
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
            assertThat(client.guest.isBack(waiting)).isFalse();
            lock.release();
            assertThat(client.await(waiting).error()).isZero();
        }
    }

    @Test
    void theFrequentRequestsAllocateNothing() throws Exception {
        Files.write(directory.resolve("file"), new byte[64 << 10]);
        try (LocalFileSystem share = share();
                Client client = new Client(share, LITTLE_ENDIAN).mount()) {
            long node = lookup(client, 1, "file");
            long fh = open(client, node);
            assertAllocatesNothing(client, client.request(FuseOpcode.LOOKUP, 1).name("file"), 128);
            assertAllocatesNothing(
                    client, client.request(FuseOpcode.GETATTR, node).u32(0, 0).u64(0), 104);
            assertAllocatesNothing(
                    client,
                    client.request(FuseOpcode.READ, node)
                            .u64(fh, 4096)
                            .u32(4096, 0)
                            .u64(0)
                            .u32(O_RDWR, 0),
                    4096);
            assertAllocatesNothing(
                    client,
                    client.request(FuseOpcode.WRITE, node)
                            .u64(fh, 4096)
                            .u32(4096, 0)
                            .u64(0)
                            .u32(O_RDWR, 0)
                            .raw(new byte[4096]),
                    8);
        }
    }

    /** Repeats a request until the compiler is done with the way of it; then none may leave an object behind. */
    private static void assertAllocatesNothing(Client client, Wire wire, int bodyRoom) {
        int inFlight = 32;
        int batches = 400;
        int rounds = 20;
        // What the queue's thread makes when it goes to sleep and wakes up would hide below one object for each
        // request.
        long noise = (long) inFlight * batches;

        byte[] request = wire.done();
        Guest guest = client.guest;
        long readable = guest.buffer(request.length);
        MemorySegment.copy(MemorySegment.ofArray(request), 0, guest.memory(), readable, request.length);
        long[] writable = new long[inFlight];
        for (int i = 0; i < inFlight; i++) {
            writable[i] = guest.buffer(16L + bodyRoom);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long queue = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("queue " + Client.REQUESTS))
                .findAny()
                .orElseThrow()
                .threadId();
        long least = Long.MAX_VALUE;
        Guest.Sent[] sent = new Guest.Sent[inFlight];
        for (int round = 0; round < rounds && least > noise; round++) {
            long before = threads.getThreadAllocatedBytes(queue);
            for (int batch = 0; batch < batches; batch++) {
                for (int i = 0; i < inFlight; i++) {
                    sent[i] = guest.send(Client.REQUESTS, readable, request.length, writable[i], 16 + bodyRoom);
                }
                for (int i = 0; i < inFlight; i++) {
                    assertThat(guest.awaitLength(sent[i])).isGreaterThan(16);
                }
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(queue) - before);
        }
        assertThat(least).as("bytes for %d requests", inFlight * batches).isLessThanOrEqualTo(noise);
    }
}

package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.device.statistics.HotNode;
import dev.oriel.device.statistics.LatencyBuckets;
import dev.oriel.device.statistics.QueueFigures;
import dev.oriel.device.statistics.RequestTotals;
import dev.oriel.device.statistics.WindowFigures;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Usage;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a device tells of itself is what it did. */
@Timeout(60)
class DeviceStatisticsTest {
    private static final int SIZE = 10_000;
    private static final int MANY = 1_000;

    @TempDir
    Path directory;

    @SuppressWarnings("NullAway.Init") // before each
    private LocalFileSystem shared;

    @SuppressWarnings("NullAway.Init") // by mount
    private Client client;

    @BeforeEach
    void share() throws IOException {
        Files.createDirectory(directory.resolve("folder"));
        Files.writeString(directory.resolve("folder/file"), "x".repeat(SIZE));
        shared = LocalFileSystem.open(LocalOptions.of(directory).build());
    }

    private void mount(@Nullable DaxOptions dax) throws Exception {
        client = new Client(shared, ByteOrder.nativeOrder(), 1, dax);
        client.mount();
    }

    @AfterEach
    void end() {
        client.close();
        shared.close();
    }

    private RequestTotals totals() {
        return client.device.statistics().requests();
    }

    private long lookup(long parent, String name) {
        return client.call(client.request(FuseOpcode.LOOKUP, parent).name(name), 128)
                .u64(0);
    }

    private long file() {
        return lookup(lookup(FileSystemSession.ROOT, "folder"), "file");
    }

    private long open(long node) {
        return client.call(client.request(FuseOpcode.OPEN, node).u32(OpenFlags.O_RDWR, 0), 16)
                .u64(0);
    }

    private Answer read(long node, long fh, int length) {
        return client.call(
                client.request(FuseOpcode.READ, node)
                        .u64(fh, 0)
                        .u32(length, 0)
                        .u64(0)
                        .u32(0, 0),
                length);
    }

    @Test
    void eachRequestIsCountedOnceWithItsErrorsAndBytes() throws Exception {
        mount(null);
        long file = file();
        long fh = open(file);
        Answer missing = client.call(
                client.request(FuseOpcode.LOOKUP, FileSystemSession.ROOT).name("none"), 128);
        assertThat(missing.error()).isEqualTo(-Errno.ENOENT);
        assertThat(read(file, fh, 2 * SIZE).bodyLength()).isEqualTo(SIZE);
        client.call(
                client.request(FuseOpcode.WRITE, file)
                        .u64(fh, 0)
                        .u32(5, 0)
                        .u64(0)
                        .u32(0, 0)
                        .raw("hello"),
                8);
        Answer unknown = client.call(client.request(4000, file), 8);
        assertThat(unknown.error()).isEqualTo(-Errno.ENOSYS);

        RequestTotals totals = totals();
        assertThat(totals.requests(FuseOpcode.INIT)).isEqualTo(1);
        assertThat(totals.requests(FuseOpcode.LOOKUP)).isEqualTo(3);
        assertThat(totals.errors(FuseOpcode.LOOKUP)).isEqualTo(1);
        assertThat(totals.requests(FuseOpcode.OPEN)).isEqualTo(1);
        assertThat(totals.readBytes()).isEqualTo(SIZE);
        assertThat(totals.writtenBytes()).isEqualTo(5);
        assertThat(totals.requests(0)).as("opcodes that nobody knows").isEqualTo(1);
        assertThat(totals.requests()).isEqualTo(8);
        assertThat(totals.errors()).isEqualTo(2);
    }

    @Test
    void aRequestThatWaitsIsCountedAsDeferred() throws Exception {
        mount(null);
        long file = file();
        long fh = open(file);
        Answer synced =
                client.call(client.request(FuseOpcode.FSYNC, file).u64(fh).u32(0, 0));
        assertThat(synced.error()).isZero();
        assertThat(totals().deferred(FuseOpcode.FSYNC)).isEqualTo(1);
        assertThat(totals().requests(FuseOpcode.FSYNC)).isEqualTo(1);
        assertThat(totals().deferred(FuseOpcode.LOOKUP)).isZero();
    }

    @Test
    void oneRequestInSixteenIsTimedWhateverTheyRepeat() throws Exception {
        mount(null);
        long file = file();
        for (int i = 0; i < MANY; i++) {
            client.call(client.request(FuseOpcode.GETATTR, file).u32(0, 0).u64(0), 104);
            client.call(client.request(FuseOpcode.STATFS, file), 80);
        }
        for (int opcode : new int[] {FuseOpcode.GETATTR, FuseOpcode.STATFS}) {
            long timed = 0;
            for (int bucket = 0; bucket < LatencyBuckets.COUNT; bucket++) {
                timed += totals().timed(opcode, bucket);
            }
            assertThat(timed).isBetween(MANY / 32L, MANY / 8L);
            assertThat(totals().timedNanos(opcode)).isPositive();
        }
    }

    @Test
    void bothQueuesCountWhatTheyAnswer() throws Exception {
        mount(null);
        long file = file();
        for (int i = 0; i < MANY; i++) {
            Wire request = client.request(FuseOpcode.GETATTR, file).u32(0, 0).u64(0);
            int queue = i % 2 == 0 ? Client.REQUESTS : Client.OTHER_REQUESTS;
            client.await(client.guest.send(queue, request.done(), 120));
        }
        assertThat(totals().requests(FuseOpcode.GETATTR)).isEqualTo(MANY);
        assertThat(client.device.statistics().queues())
                .extracting(QueueFigures::index)
                .containsExactly(0, 1, 2);
        assertThat(client.device.statistics().queues())
                .extracting(QueueFigures::inFlight)
                .containsOnly(0);
    }

    @Test
    void whatTheClientHoldsIsToldForAsLongAsItHasASession() throws Exception {
        mount(null);
        DeviceStatistics statistics = client.device.statistics();
        assertThat(statistics.session()).contains("FUSE 7.");
        long file = file();
        open(file);
        Usage holds = statistics.usage();
        assertThat(holds.nodes).isEqualTo(2);
        assertThat(holds.nodeMemoryLeft).isPositive();
        assertThat(holds.openFiles).isEqualTo(1);
        assertThat(holds.openFilesLeft).isPositive();

        client.call(client.request(FuseOpcode.DESTROY, 0), 0);
        assertThat(statistics.session()).isNull();
        assertThat(statistics.usage().nodes).isZero();
    }

    @Test
    void theFilesOfTheLastRequestsAreNamedWhereTheyAre() throws Exception {
        mount(null);
        long file = file();
        for (int i = 0; i < MANY; i++) {
            client.call(client.request(FuseOpcode.GETATTR, file).u32(0, 0).u64(0), 104);
        }
        List<HotNode> hot = client.device.statistics().hotNodes(3);
        assertThat(hot.getFirst().path()).isEqualTo("/folder/file");
        assertThat(hot.getFirst().percent()).isGreaterThan(90);

        Files.move(directory.resolve("folder"), directory.resolve("moved"));
        assertThat(client.device.statistics().hotNodes(1).getFirst().path()).isEqualTo("/moved/file");

        client.mount();
        assertThat(client.device.statistics().hotNodes(1))
                .as("of another session")
                .isEmpty();
    }

    @Test
    void theWindowTellsWhatIsMapped() throws Exception {
        try (FrontEndWindow region = new FrontEndWindow(DaxOptions.MIN_LENGTH, 8, false)) {
            client = new Client(shared, ByteOrder.nativeOrder(), 1, new DaxOptions(DaxOptions.MIN_LENGTH, true));
            client.device.sharedMemoryRegion(0, region.region());
            client.mount(Client.MINOR, Client.LINUX_FLAGS | FuseInitFlags.MAP_ALIGNMENT);
            long file = file();
            int length = 3 * 4096;
            Answer mapped = client.call(
                    client.request(FuseOpcode.SETUPMAPPING, file).u64(-1, 0, length, FuseFlags.SETUPMAPPING_READ, 0));
            assertThat(mapped.error()).isZero();
            WindowFigures figures = client.device.statistics().window();
            // The page with the end of the file is a copy.
            assertThat(figures).isEqualTo(new WindowFigures(DaxOptions.MIN_LENGTH, 1, length, 4096));

            client.call(client.request(FuseOpcode.DESTROY, 0), 0);
            assertThat(client.device.statistics().window())
                    .isEqualTo(new WindowFigures(DaxOptions.MIN_LENGTH, 0, 0, 0));
            client.device.sharedMemoryRegion(0, null);
        }
    }
}

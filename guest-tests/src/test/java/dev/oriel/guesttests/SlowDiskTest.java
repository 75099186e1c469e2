package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.driver.DriverBuffer;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.PageCache;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A share on a disk that is throttled by the kernel (blkio of cgroups), so that what is read from it takes minutes. */
class SlowDiskTest {
    private static final int READERS = 4;
    private static final int MEBIBYTE = 1 << 20;
    private static final int REQUESTS = 2000;
    private static final int BYTES_A_SECOND = 64 << 10;
    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

    private Path state = Path.of("");
    private Path cgroup = Path.of("");
    private String disk = "";

    @BeforeEach
    void makeACgroup() throws IOException {
        state = Folders.create("slow");
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to throttle a disk");
        disk = disk((Long) Files.getAttribute(state, "unix:dev"));
        assumeTrue(!disk.isEmpty(), "the folder for temporary files is on no disk");
        Path blkio = CGROUPS.resolve("blkio");
        boolean first = Files.exists(blkio.resolve("blkio.throttle.read_bps_device"));
        boolean second = Files.exists(CGROUPS.resolve("cgroup.subtree_control"))
                && Files.readString(CGROUPS.resolve("cgroup.subtree_control")).contains("io");
        assumeTrue(first || second, "this kernel has no cgroups that throttle disks");
        cgroup = Files.createDirectory((first ? blkio : CGROUPS)
                .resolve("oriel-slow-disk-" + ProcessHandle.current().pid()));
    }

    @AfterEach
    void removeIt() throws IOException {
        if (!cgroup.toString().isEmpty()) {
            Files.deleteIfExists(cgroup);
        }
        Folders.delete(state);
    }

    /** The numbers of the disk that a file system is on; empty if it is on none. */
    private static String disk(long device) throws IOException {
        long major = device >>> 8 & 0xfff;
        long minor = (device & 0xff) | (device >>> 12 & 0xfff00);
        Path block = Path.of("/sys/dev/block/" + major + ":" + minor);
        if (!Files.exists(block)) {
            return "";
        }
        Path whole = block.toRealPath();
        if (Files.exists(whole.resolve("partition"))) {
            whole = whole.resolve("..").normalize();
        }
        return Files.readString(whole.resolve("dev")).strip();
    }

    /** @param bytesASecond 0: no limit */
    private void throttle(long bytesASecond) throws IOException {
        Path first = cgroup.resolve("blkio.throttle.read_bps_device");
        if (Files.exists(first)) {
            Files.writeString(first, disk + " " + bytesASecond);
        } else {
            Files.writeString(cgroup.resolve("io.max"), disk + " rbps=" + (bytesASecond == 0 ? "max" : bytesASecond));
        }
    }

    @Test
    void readsThatWaitForADiskHoldUpNobody() throws Exception {
        Path folder = Files.createDirectory(state.resolve("folder"));
        byte[] content = new byte[READERS * MEBIBYTE];
        new Random(1).nextBytes(content);
        Path large = folder.resolve("large");
        try (FileChannel out = FileChannel.open(large, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(content));
            out.force(true);
        }
        Files.writeString(folder.resolve("small"), "cached");
        List<String> inCgroup = List.of("sh", "-ec", "echo $$ >\"$0/cgroup.procs\"; exec \"$@\"", cgroup.toString());
        FuseClientOptions options = FuseClientOptions.DEFAULTS.withQueues(1).withTimeLimit(Duration.ofMinutes(5));
        try (OrielServer server = OrielServer.start(inCgroup, "--socket-path", folder, state, "slow", List.of());
                FuseClient client = FuseClient.connect(server.socket(), options);
                FuseClient neighbour = FuseClient.connect(server.socket(), options);
                ExecutorService threads = Executors.newFixedThreadPool(READERS)) {
            // all that this takes of the server is in its memory before the disk becomes slow
            assertThat(requests(client) + requests(neighbour)).isEqualTo(2 * REQUESTS);
            OpenFile file = open(client, "large");
            PageCache.drop(large);
            throttle(BYTES_A_SECOND);
            try {
                List<Future<byte[]>> reads = new ArrayList<>();
                for (int i = 0; i < READERS; i++) {
                    long at = (long) i * MEBIBYTE;
                    reads.add(threads.submit(() -> read(client, file, at)));
                }
                assertThat(requests(client)).as("on the same queue").isEqualTo(REQUESTS);
                assertThat(requests(neighbour)).as("of another client").isEqualTo(REQUESTS);
                assertThat(reads).as("none has what it reads by now").noneMatch(Future::isDone);
                throttle(0);
                for (int i = 0; i < READERS; i++) {
                    assertThat(reads.get(i).get())
                            .isEqualTo(Arrays.copyOfRange(content, i * MEBIBYTE, (i + 1) * MEBIBYTE));
                }
            } finally {
                throttle(0);
            }
            client.files().release(file);
        }
    }

    private static OpenFile open(FuseClient client, String name) throws IOException {
        long node = client.lookup(FuseClient.ROOT, name.getBytes(US_ASCII)).nodeid();
        return client.files().open(node, OpenFlags.O_RDONLY);
    }

    /** Attributes, and data that is in the page cache. */
    private static int requests(FuseClient client) throws IOException {
        OpenFile small = open(client, "small");
        int done = 0;
        try (DriverBuffer buffer = client.allocate(16)) {
            while (done < REQUESTS) {
                assertThat(client.getattr(small).size()).isEqualTo(6);
                assertThat(client.files().read(small, 0, buffer, 0, 16)).isEqualTo(6);
                done++;
            }
        }
        client.files().release(small);
        return done;
    }

    private static byte[] read(FuseClient client, OpenFile file, long position) throws IOException {
        byte[] part = new byte[MEBIBYTE];
        long done = 0;
        while (done < part.length) {
            MemorySegment rest = MemorySegment.ofArray(part).asSlice(done);
            done += client.files().read(file, position + done, rest);
        }
        return part;
    }
}

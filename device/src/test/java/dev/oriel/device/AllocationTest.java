package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.OpenFlags;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From its chain to its reply a request costs no garbage: the thread of a queue allocates nothing, with a DAX window or
 * without.
 */
class AllocationTest {
    private static final int ROUNDS = 2000;

    /** It ends with the first run that cost nothing: when the compiler has seen all of it is not ours to say. */
    private static final int MOST_RUNS = 200;

    private static final int FILES = 20;
    private static final int ENTRIES = 4096;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theThreadOfAQueueAllocatesNothing(boolean window) throws Exception {
        for (int i = 0; i < FILES; i++) {
            Files.writeString(directory.resolve("file-" + i), "x".repeat(ENTRIES));
        }
        DaxOptions dax = window ? new DaxOptions(DaxOptions.MIN_LENGTH, true) : null;
        try (LocalFileSystem shared =
                        LocalFileSystem.open(LocalOptions.of(directory).build());
                FrontEndWindow region = new FrontEndWindow(DaxOptions.MIN_LENGTH, 8, false);
                Client client = new Client(shared, ByteOrder.nativeOrder(), 1, dax)) {
            if (window) {
                client.device.sharedMemoryRegion(0, region);
            }
            client.mount();
            List<Guest.Sent> requests = prepared(client);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long thread = queueThread();
            long least = Long.MAX_VALUE;
            for (int i = 0; i < MOST_RUNS && least >= ROUNDS; i++) {
                long before = threads.getThreadAllocatedBytes(thread);
                for (int round = 0; round < ROUNDS; round++) {
                    for (Guest.Sent request : requests) {
                        client.guest.awaitLength(client.guest.again(request));
                    }
                }
                least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
            }
            assertThat(least)
                    .as("bytes allocated by %d times %d requests", ROUNDS, requests.size())
                    .isLessThan(ROUNDS);
        }
    }

    /**
     * LOOKUP, GETATTR of a node and of an open file, READ, WRITE, READDIR, READDIRPLUS and STATFS, each served once.
     */
    private static List<Guest.Sent> prepared(Client client) {
        long root = FileSystemSession.ROOT;
        long node = client.call(client.request(FuseOpcode.LOOKUP, root).name("file-7"), 128)
                .u64(0);
        long fh = client.call(client.request(FuseOpcode.OPEN, node).u32(OpenFlags.O_RDWR, 0), 16)
                .u64(0);
        long listed = client.call(client.request(FuseOpcode.OPENDIR, root).u32(0, 0), 16)
                .u64(0);
        List<Guest.Sent> requests = new ArrayList<>();
        requests.add(client.send(client.request(FuseOpcode.LOOKUP, root).name("file-7"), 128));
        requests.add(
                client.send(client.request(FuseOpcode.GETATTR, node).u32(0, 0).u64(0), 104));
        requests.add(
                client.send(client.request(FuseOpcode.GETATTR, node).u32(1, 0).u64(fh), 104));
        requests.add(client.send(read(client, FuseOpcode.READ, node, fh), ENTRIES));
        requests.add(client.send(
                client.request(FuseOpcode.WRITE, node)
                        .u64(fh, 0)
                        .u32(5, 0)
                        .u64(0)
                        .u32(0, 0)
                        .raw("hello"),
                8));
        requests.add(client.send(read(client, FuseOpcode.READDIR, root, listed), ENTRIES));
        requests.add(client.send(read(client, FuseOpcode.READDIRPLUS, root, listed), ENTRIES));
        requests.add(client.send(client.request(FuseOpcode.STATFS, root), 80));
        for (Guest.Sent request : requests) {
            assertThat(client.await(request).error()).isZero();
        }
        return requests;
    }

    private static Wire read(Client client, int opcode, long node, long fh) {
        return client.request(opcode, node).u64(fh, 0).u32(ENTRIES, 0).u64(0).u32(0, 0);
    }

    /** The newest of that name: those of other tests may still be about to end. */
    private static long queueThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("queue " + Client.REQUESTS))
                .mapToLong(Thread::threadId)
                .max()
                .orElseThrow();
    }
}

package dev.oriel.device;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.virtio.memory.MappableRegion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end that takes its time to map: no queue waits for it, whatever happens to the file meanwhile. */
@Timeout(60)
class DaxWaitTest {
    private static final long RANGE = 2 << 20;
    private static final int O_RDWR = 2;
    private static final int SEEK_DATA = 3;

    @TempDir
    Path directory;

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A front-end that answers when the test wants it. */
    private final MappableRegion frontEnd = new MappableRegion() {
        @Override
        public long length() {
            return 2 * RANGE;
        }

        @Override
        public int mappingsMax() {
            return 8;
        }

        @Override
        public int map(long offset, long length, int fd, long fdOffset) {
            asked.countDown();
            await(answer);
            return 0;
        }

        @Override
        public int unmap(long offset, long length) {
            return 0;
        }
    };

    @ParameterizedTest
    @ValueSource(
            strings = {
                "write",
                "setattr",
                "open",
                "read",
                "getattr",
                "lookup",
                "lseek",
                "fallocate",
                "copy_file_range",
                "fsync",
                "syncfs"
            })
    void whatAQueueDoesMeanwhileDoesNotHoldItUp(String operation) throws Exception {
        byte[] content = new byte[8192];
        Files.write(directory.resolve("file"), content);
        try (LocalFileSystem share =
                        LocalFileSystem.open(LocalOptions.of(directory).build());
                Client client = new Client(share, LITTLE_ENDIAN, 2, new DaxOptions(2 * RANGE, false))) {
            client.device.sharedMemoryRegion(0, frontEnd);
            client.mount(Client.MINOR, Client.LINUX_FLAGS | FuseInitFlags.MAP_ALIGNMENT | FuseInitFlags.HAS_INODE_DAX);
            long node = client.call(client.request(FuseOpcode.LOOKUP, 1).name("file"))
                    .u64(0);
            Wire open = client.request(FuseOpcode.OPEN, node).u32(O_RDWR, 0);
            long fh = operation.equals("open") ? 0 : client.call(open).u64(0);
            byte[] data = new byte[100];
            Arrays.fill(data, (byte) 7);
            Wire request = switch (operation) {
                case "write" ->
                    client.request(FuseOpcode.WRITE, node)
                            .u64(fh, 10)
                            .u32(data.length, 0)
                            .u64(0)
                            .u32(O_RDWR, 0)
                            .raw(data);
                case "setattr" ->
                    client.request(FuseOpcode.SETATTR, node)
                            .u32(FuseFlags.FATTR_SIZE, 0)
                            .u64(0, 5000)
                            .raw(new byte[64]);
                case "open" -> client.request(FuseOpcode.OPEN, node).u32(O_RDWR, 0);
                case "read" ->
                    client.request(FuseOpcode.READ, node)
                            .u64(fh, 0)
                            .u32(100, 0)
                            .u64(0)
                            .u32(O_RDWR, 0);
                case "getattr" ->
                    client.request(FuseOpcode.GETATTR, node).u32(0, 0).u64(0);
                case "lookup" -> client.request(FuseOpcode.LOOKUP, 1).name("file");
                case "lseek" ->
                    client.request(FuseOpcode.LSEEK, node).u64(fh, 0).u32(SEEK_DATA, 0);
                case "fallocate" ->
                    client.request(FuseOpcode.FALLOCATE, node)
                            .u64(fh, 0, 10_000)
                            .u32(0, 0);
                case "copy_file_range" ->
                    client.request(FuseOpcode.COPY_FILE_RANGE, node).u64(fh, 0, node, fh, 4096, 100, 0);
                case "fsync" -> client.request(FuseOpcode.FSYNC, node).u64(fh).u32(0, 0);
                case "syncfs" -> client.request(FuseOpcode.SYNCFS, 1).u64(0);
                default -> throw new AssertionError(operation);
            };
            byte[] mapping = client.request(FuseOpcode.SETUPMAPPING, node)
                    .u64(0, 0, RANGE, FuseFlags.SETUPMAPPING_READ | FuseFlags.SETUPMAPPING_WRITE, 0)
                    .done();
            Guest.Sent mapped = client.guest.send(Client.OTHER_REQUESTS, mapping, 16);
            await(asked);
            Guest.Sent sent = client.send(request, 512);
            // the queue goes on
            assertThat(client.call(client.request(FuseOpcode.STATFS, 1)).error())
                    .isZero();
            assertThat(client.guest.isBack(mapped)).isFalse();
            answer.countDown();
            assertThat(client.await(sent).error()).isZero();
            assertThat(client.await(mapped).error()).isZero();
            byte[] now = Files.readAllBytes(directory.resolve("file"));
            if (operation.equals("write")) {
                assertThat(Arrays.copyOfRange(now, 10, 110)).isEqualTo(data);
            } else if (operation.equals("setattr")) {
                assertThat(now).hasSize(5000);
            } else if (operation.equals("fallocate")) {
                assertThat(now).hasSize(10_000);
            }
            client.call(client.request(FuseOpcode.DESTROY, 0));
            client.device.sharedMemoryRegion(0, null);
        }
    }
}

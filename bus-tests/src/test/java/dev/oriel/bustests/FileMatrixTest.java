package dev.oriel.bustests;

import static dev.oriel.bustests.Share.name;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.FuseFiles;
import dev.oriel.driver.NodeEntry;
import dev.oriel.driver.OpenFile;
import dev.oriel.driver.Stat;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.Seek;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every operation on files by request: what the driver does is what the host then has, and the other way round. */
@Timeout(120)
class FileMatrixTest {
    private static final int[] SIZES = {0, 1, 4095, 4096, 4097, 65_536, (1 << 20) - 1, 1 << 20, (2 << 20) + 123};

    @TempDir
    Path folder;

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }

    @OverEveryTransport
    void filesOfEverySizeAreWrittenAndRead(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            for (int size : SIZES) {
                byte[] content = content(size);
                FuseFiles.Created made =
                        client.files().create(FuseClient.ROOT, name("of " + size), OpenFlags.O_RDWR, 0640);
                assertThat(client.files().write(made.file(), 0, MemorySegment.ofArray(content)))
                        .isEqualTo(size);
                byte[] read = new byte[size + 100];
                assertThat(client.files().read(made.file(), 0, MemorySegment.ofArray(read)))
                        .isEqualTo(size);
                client.files().fsync(made.file(), false);
                client.files().release(made.file());
                assertThat(Arrays.copyOf(read, size)).isEqualTo(content);
                assertThat(Files.readAllBytes(share.directory.resolve("of " + size)))
                        .isEqualTo(content);
            }
        }
    }

    @OverEveryTransport
    void whatTheHostWritesIsRead(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            for (int size : SIZES) {
                Files.write(share.directory.resolve("of " + size), content(size));
                OpenFile file = client.files()
                        .open(client.lookup(FuseClient.ROOT, name("of " + size)).nodeid(), OpenFlags.O_RDONLY);
                byte[] read = new byte[size];
                assertThat(client.files().read(file, 0, MemorySegment.ofArray(read)))
                        .isEqualTo(size);
                assertThat(read).isEqualTo(content(size));
                client.files().release(file);
            }
        }
    }

    @OverEveryTransport
    void namesAreMadeMovedLinkedAndRemoved(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            Path root = share.directory;
            NodeEntry made = client.mkdir(FuseClient.ROOT, name("folder"), 0755);
            FuseFiles.Created file = client.files().create(made.nodeid(), name("a"), OpenFlags.O_WRONLY, 0600);
            client.files().release(file.file());
            client.symlink(made.nodeid(), name("symbolic"), name("a"));
            client.link(file.entry().nodeid(), FuseClient.ROOT, name("hard"));
            client.mknod(FuseClient.ROOT, name("fifo"), FileMode.S_IFIFO | 0600, 0);
            assertThat(Files.readSymbolicLink(root.resolve("folder/symbolic"))).isEqualTo(Path.of("a"));
            assertThat(client.readlink(
                            client.lookup(made.nodeid(), name("symbolic")).nodeid()))
                    .isEqualTo(name("a"));
            assertThat(Files.getAttribute(root.resolve("hard"), "unix:nlink")).isEqualTo(2);
            assertThat((int) Files.getAttribute(root.resolve("fifo"), "unix:mode") & FileMode.S_IFMT)
                    .isEqualTo(FileMode.S_IFIFO);
            client.rename(made.nodeid(), name("a"), FuseClient.ROOT, name("moved"), 0);
            assertThat(root.resolve("moved")).exists();
            client.unlink(FuseClient.ROOT, name("moved"));
            client.unlink(made.nodeid(), name("symbolic"));
            client.rmdir(FuseClient.ROOT, name("folder"));
            assertThat(root.resolve("folder")).doesNotExist();
            assertThatExceptionOfType(FuseException.class)
                    .isThrownBy(() -> client.unlink(FuseClient.ROOT, name("moved")))
                    .satisfies(failed -> assertThat(failed.errno()).isEqualTo(Errno.ENOENT));
        }
    }

    @OverEveryTransport
    void attributesAreReadAndSet(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            Path file = Files.write(share.directory.resolve("file"), content(5000));
            FileTime time = FileTime.fromMillis(1_234_567_890_123L);
            long node = client.lookup(FuseClient.ROOT, name("file")).nodeid();
            Stat set = client.setattr(
                    node, new AttributeChange().mode(0604).size(1 << 20).mtime(time));
            assertThat(set.size()).isEqualTo(1 << 20);
            assertThat(set.mode()).isEqualTo(FileMode.S_IFREG | 0604);
            assertThat(set.mtime()).isEqualTo(time);
            assertThat(client.getattr(node).ino()).isEqualTo(Files.getAttribute(file, "unix:ino"));
            assertThat(Files.size(file)).isEqualTo(1 << 20);
            assertThat(Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS))
                    .isEqualTo(time);
        }
    }

    @OverEveryTransport
    void extendedAttributesAreSetListedAndRemoved(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            Files.createFile(share.directory.resolve("file"));
            long node = client.lookup(FuseClient.ROOT, name("file")).nodeid();
            client.extendedAttributes().set(node, name("user.colour"), "blue".getBytes(UTF_8), 0);
            assertThat(client.extendedAttributes().get(node, name("user.colour")))
                    .isEqualTo("blue".getBytes(UTF_8));
            client.extendedAttributes().remove(node, name("user.colour"));
            assertThatExceptionOfType(FuseException.class)
                    .isThrownBy(() -> client.extendedAttributes().get(node, name("user.colour")))
                    .satisfies(failed -> assertThat(failed.errno()).isEqualTo(Errno.ENODATA));
        }
    }

    @OverEveryTransport
    void holesAreMadeFoundAndKept(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            FuseFiles.Created made = client.files().create(FuseClient.ROOT, name("sparse"), OpenFlags.O_RDWR, 0600);
            OpenFile file = made.file();
            client.files().write(file, 0, MemorySegment.ofArray(content(65_536)));
            client.files().write(file, 1 << 20, MemorySegment.ofArray(content(4096)));
            assertThat(client.files().lseek(file, 100, Seek.SEEK_HOLE)).isEqualTo(65_536);
            assertThat(client.files().lseek(file, 100_000, Seek.SEEK_DATA)).isEqualTo(1 << 20);
            client.files()
                    .fallocate(
                            file, FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE, 4096, 8192);
            FuseFiles.Created copy = client.files().create(FuseClient.ROOT, name("copy"), OpenFlags.O_RDWR, 0600);
            assertThat(client.files().copyFileRange(file, 0, copy.file(), 0, 65_536))
                    .isEqualTo(65_536);
            client.files().release(file);
            client.files().release(copy.file());
            byte[] expected = content(65_536);
            Arrays.fill(expected, 4096, 4096 + 8192, (byte) 0);
            assertThat(Files.readAllBytes(share.directory.resolve("copy"))).isEqualTo(expected);
        }
    }

    @OverEveryTransport
    void theFileSystemTellsItsSize(Case given) throws IOException {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount()) {
            assertThat(client.statfs(FuseClient.ROOT).bsize()).isPositive();
            client.syncfs(FuseClient.ROOT);
        }
    }

    /** More in flight than one queue takes, on all queues. */
    @OverEveryTransport
    void manyThreadsWorkAtOnce(Case given) throws Exception {
        try (Share share = Share.open(given, folder, Share.Window.NONE);
                FuseClient client = share.mount();
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            AtomicInteger number = new AtomicInteger();
            Future<?>[] done = new Future<?>[8];
            for (int i = 0; i < done.length; i++) {
                done[i] = threads.submit(() -> {
                    for (int j = 0; j < 50; j++) {
                        int own = number.incrementAndGet();
                        byte[] content = content(own * 10);
                        FuseFiles.Created made =
                                client.files().create(FuseClient.ROOT, name("" + own), OpenFlags.O_RDWR, 0600);
                        client.files().write(made.file(), 0, MemorySegment.ofArray(content));
                        byte[] read = new byte[content.length];
                        client.files().read(made.file(), 0, MemorySegment.ofArray(read));
                        client.files().release(made.file());
                        client.unlink(FuseClient.ROOT, name("" + own));
                        assertThat(read).isEqualTo(content);
                    }
                    return null;
                });
            }
            for (Future<?> one : done) {
                one.get();
            }
            try (var left = Files.list(share.directory)) {
                assertThat(left).isEmpty();
            }
        }
    }
}

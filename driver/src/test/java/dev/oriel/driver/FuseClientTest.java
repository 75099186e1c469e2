package dev.oriel.driver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.RenameFlags;
import dev.oriel.linux.Seek;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
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
import org.junit.jupiter.api.io.TempDir;

/** The client against the Rust virtiofsd, which knows nothing of us. Needs the part peer of the guest kit. */
class FuseClientTest {
    private static final long ROOT = FuseClient.ROOT;

    @TempDir
    private Path temporary;

    private PeerShare share;
    private FuseClient client;

    @BeforeEach
    void connect() throws Exception {
        share = PeerShare.start(temporary, "--xattr");
        client = FuseClient.connect(share.socket);
    }

    @AfterEach
    void disconnect() {
        client.close();
        share.close();
    }

    private static byte[] name(String name) {
        return name.getBytes(UTF_8);
    }

    private static void failsWith(int errno, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(FuseException.class)
                .isThrownBy(call)
                .satisfies(failed -> assertThat(Errno.name(failed.errno())).isEqualTo(Errno.name(errno)));
    }

    @Test
    void theSessionSaysWhatBothSidesAgreedOn() {
        assertThat(client.tag()).isEqualTo("peer");
        assertThat(client.minor()).isGreaterThanOrEqualTo(38);
        assertThat(client.maxTransfer()).isEqualTo(1 << 20);
        assertThat(client.queueCount()).isEqualTo(1);
    }

    @Test
    void aFileOfTheHostIsReadAsItIs() throws IOException {
        byte[] content = new byte[3_000_001];
        new Random(1).nextBytes(content);
        Files.write(share.folder.resolve("data"), content);

        NodeEntry entry = client.lookup(ROOT, name("data"));
        OpenFile file = client.files().open(entry.nodeid(), OpenFlags.O_RDONLY);
        byte[] read = new byte[content.length + 100];
        long count = client.files().read(file, 0, MemorySegment.ofArray(read));
        client.files().release(file);

        assertThat(entry.attributes().size()).isEqualTo(content.length);
        assertThat(count).isEqualTo(content.length);
        assertThat(Arrays.copyOf(read, content.length)).isEqualTo(content);
    }

    @Test
    void whatIsWrittenIsInTheFileOfTheHost() throws IOException {
        byte[] content = new byte[2_500_000];
        new Random(2).nextBytes(content);
        FuseFiles.Created created = client.files().create(ROOT, name("new"), OpenFlags.O_RDWR, 0640);
        long written = client.files().write(created.file(), 0, MemorySegment.ofArray(content));
        client.files().fsync(created.file(), true);
        client.files().flush(created.file(), 1);
        client.files().release(created.file());

        assertThat(written).isEqualTo(content.length);
        assertThat(Files.readAllBytes(share.folder.resolve("new"))).isEqualTo(content);
        assertThat(Files.getAttribute(share.folder.resolve("new"), "unix:mode")).isEqualTo(FileMode.S_IFREG | 0640);
    }

    @Test
    void payloadsGoStraightBetweenTheFileAndABuffer() throws IOException {
        Files.writeString(share.folder.resolve("text"), "0123456789");
        OpenFile file = client.files().open(client.lookup(ROOT, name("text")).nodeid(), OpenFlags.O_RDWR);
        try (DriverBuffer buffer = client.allocate(8192)) {
            assertThat(client.files().read(file, 4, buffer, 100, 4096)).isEqualTo(6);
            assertThat(buffer.segment().asSlice(100, 6).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
                    .isEqualTo("456789".getBytes(UTF_8));
            assertThat(client.files().write(file, 8, buffer, 100, 6)).isEqualTo(6);
            assertThat(client.files().read(new OpenFile(file.nodeid(), 4711, 0, false), 0, buffer, 0, 10))
                    .isEqualTo(-Errno.EBADF);
        }
        client.files().release(file);
        assertThat(share.folder.resolve("text")).hasContent("01234567456789");
    }

    @Test
    void namesAreMadeMovedLinkedAndRemoved() throws IOException {
        Path root = share.folder;
        NodeEntry folder = client.mkdir(ROOT, name("folder"), 0755);
        FuseFiles.Created created = client.files().create(folder.nodeid(), name("a"), OpenFlags.O_WRONLY, 0600);
        client.files().release(created.file());
        client.symlink(folder.nodeid(), name("link"), name("a"));
        NodeEntry hard = client.link(created.entry().nodeid(), ROOT, name("hard"));
        client.mknod(ROOT, name("fifo"), FileMode.S_IFIFO | 0600, 0);

        assertThat(hard.attributes().nlink()).isEqualTo(2);
        assertThat(Files.readSymbolicLink(root.resolve("folder/link"))).isEqualTo(Path.of("a"));
        assertThat(client.readlink(client.lookup(folder.nodeid(), name("link")).nodeid()))
                .isEqualTo(name("a"));
        assertThat(Files.readAttributes(root.resolve("fifo"), java.nio.file.attribute.BasicFileAttributes.class)
                        .isOther())
                .isTrue();

        client.rename(folder.nodeid(), name("a"), ROOT, name("b"), 0);
        failsWith(Errno.EEXIST, () -> client.rename(ROOT, name("b"), ROOT, name("hard"), RenameFlags.RENAME_NOREPLACE));
        failsWith(Errno.ENOTEMPTY, () -> client.rmdir(ROOT, name("folder")));
        client.unlink(folder.nodeid(), name("link"));
        client.rmdir(ROOT, name("folder"));
        client.unlink(ROOT, name("hard"));

        assertThat(root.resolve("b")).exists();
        assertThat(root.resolve("hard")).doesNotExist();
        assertThat(root.resolve("folder")).doesNotExist();
        failsWith(Errno.ENOENT, () -> client.unlink(ROOT, name("hard")));
        client.forgetAll(List.of(folder.nodeid(), hard.nodeid()));
        client.forget(created.entry().nodeid(), 1);
        assertThat(client.getattr(ROOT).isDirectory()).isTrue();
    }

    @Test
    void attributesAreReadAndSet() throws IOException {
        Path path = Files.writeString(share.folder.resolve("file"), "content");
        long node = client.lookup(ROOT, name("file")).nodeid();
        FileTime time = FileTime.from(java.time.Instant.parse("2019-07-22T10:51:00.123456789Z"));
        Stat changed = client.setattr(
                node, new AttributeChange().mode(0604).size(3).atime(time).mtime(time));

        assertThat(changed.size()).isEqualTo(3);
        assertThat(changed.mtime()).isEqualTo(time);
        assertThat(path).hasContent("con");
        assertThat(Files.getLastModifiedTime(path)).isEqualTo(time);
        assertThat(Files.getAttribute(path, "unix:mode")).isEqualTo(FileMode.S_IFREG | 0604);
        assertThat(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(changed.ino());
        client.access(node, 4);
        assertThat(client.statfs(ROOT).blocks()).isPositive();
    }

    @Test
    void aDirectoryIsListedInParts() throws IOException {
        List<String> expected = new ArrayList<>(List.of(".", ".."));
        for (int i = 0; i < 700; i++) {
            String name = "entry-with-quite-a-long-name-" + i;
            Files.createFile(share.folder.resolve(name));
            expected.add(name);
        }
        assertThat(list(true)).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(list(false)).containsExactlyInAnyOrderElementsOf(expected);
    }

    private List<String> list(boolean plus) throws IOException {
        OpenFile directory = client.files().opendir(ROOT, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        List<String> names = new ArrayList<>();
        long offset = 0;
        while (true) {
            List<DirectoryEntry> part = plus
                    ? client.files().readdirplus(directory, offset)
                    : client.files().readdir(directory, offset);
            if (part.isEmpty()) {
                client.files().releasedir(directory);
                return names;
            }
            part.forEach(entry -> names.add(new String(entry.name(), UTF_8)));
            offset = part.getLast().offset();
        }
    }

    @Test
    void holesAreFoundPunchedAndCopiedByTheDevice() throws IOException {
        FuseFiles.Created created = client.files().create(ROOT, name("sparse"), OpenFlags.O_RDWR, 0600);
        OpenFile file = created.file();
        client.files().fallocate(file, 0, 0, 1 << 20);
        client.files().write(file, 0, MemorySegment.ofArray(new byte[1 << 20]));
        client.files()
                .fallocate(file, FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE, 0, 1 << 19);
        assertThat(client.files().lseek(file, 0, Seek.SEEK_DATA)).isEqualTo(1 << 19);

        OpenFile copy = client.files()
                .create(ROOT, name("copy"), OpenFlags.O_RDWR, 0600)
                .file();
        assertThat(client.files().copyFileRange(file, 1 << 19, copy, 0, 5000)).isEqualTo(5000);
        assertThat(Files.size(share.folder.resolve("copy"))).isEqualTo(5000);
        client.files().release(file);
        client.files().release(copy);
    }

    @Test
    void extendedAttributesAreSetListedAndRemoved() throws IOException {
        Files.createFile(share.folder.resolve("file"));
        long node = client.lookup(ROOT, name("file")).nodeid();
        ExtendedAttributes attributes = client.extendedAttributes();
        byte[] value = new byte[3000];
        new Random(3).nextBytes(value);

        attributes.set(node, name("user.first"), value, 0);
        attributes.set(node, name("user.empty"), new byte[0], 0);
        assertThat(attributes.get(node, name("user.first"))).isEqualTo(value);
        assertThat(attributes.list(node)).contains(name("user.first"), name("user.empty"));
        attributes.remove(node, name("user.first"));
        failsWith(Errno.ENODATA, () -> attributes.get(node, name("user.first")));
    }

    @Test
    void whatTheDeviceDoesNotKnowIsSaidSo() {
        failsWith(Errno.ENOSYS, () -> client.files().tmpfile(ROOT, OpenFlags.O_RDWR, 0600));
    }

    @Test
    void manyRequestsAreInFlightAtOnce() throws IOException {
        byte[] content = new byte[64 * 4096];
        new Random(4).nextBytes(content);
        Files.write(share.folder.resolve("data"), content);
        OpenFile file = client.files().open(client.lookup(ROOT, name("data")).nodeid(), OpenFlags.O_RDONLY);
        ClientQueue queue = client.queue(0);
        byte[] seen = new byte[content.length];
        try (DriverBuffer buffer = client.allocate(content.length)) {
            int inFlight = 0;
            for (int i = 0; i < 64; i++) {
                ClientRequest request = queue.acquire();
                request.read(file.nodeid(), file.fh(), i * 4096L, buffer, i * 4096L, 4096);
                assertThat(queue.enqueue(request)).isZero();
                inFlight++;
            }
            queue.flush();
            while (inFlight > 0) {
                assertThat(queue.await(Duration.ofSeconds(10).toNanos())).isTrue();
                ClientRequest request = queue.poll();
                while (request != null) {
                    assertThat(request.result()).isZero();
                    assertThat(request.replyLength()).isEqualTo(4096);
                    request.release();
                    inFlight--;
                    request = queue.poll();
                }
            }
            MemorySegment.copy(buffer.segment(), 0, MemorySegment.ofArray(seen), 0, seen.length);
        }
        assertThat(seen).isEqualTo(content);
        assertThat(queue.available()).isEqualTo(queue.depth());
    }

    @Test
    void fourThreadsMixAllKindsOfOperations() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int number = i;
                work.add(threads.submit(() -> {
                    mix(number);
                    return null;
                }));
            }
            for (Future<?> each : work) {
                each.get();
            }
        }
        ClientQueue queue = client.queue(0);
        assertThat(queue.available()).isEqualTo(queue.depth());
        assertThat(client.freeBufferBytes()).isEqualTo(FuseClientOptions.DEFAULTS.bufferMemory());
        assertThat(share.folder).isEmptyDirectory();
    }

    private void mix(int number) throws IOException {
        Random random = new Random(number);
        NodeEntry folder = client.mkdir(ROOT, name("thread-" + number), 0700);
        for (int round = 0; round < 200; round++) {
            byte[] content = new byte[random.nextInt(20_000) + 1];
            random.nextBytes(content);
            byte[] name = name("file-" + round);
            FuseFiles.Created created = client.files().create(folder.nodeid(), name, OpenFlags.O_RDWR, 0600);
            client.files().write(created.file(), 0, MemorySegment.ofArray(content));
            byte[] read = new byte[content.length];
            assertThat(client.files().read(created.file(), 0, MemorySegment.ofArray(read)))
                    .isEqualTo(content.length);
            assertThat(read).isEqualTo(content);
            assertThat(client.getattr(created.file()).size()).isEqualTo(content.length);
            client.files().release(created.file());
            client.unlink(folder.nodeid(), name);
            client.forget(created.entry().nodeid(), 1);
        }
        client.rmdir(ROOT, name("thread-" + number));
        client.forget(folder.nodeid(), 1);
    }

    @Test
    void aReadIntoABufferAllocatesNothing() throws IOException {
        Files.write(share.folder.resolve("data"), new byte[4096]);
        OpenFile file = client.files().open(client.lookup(ROOT, name("data")).nodeid(), OpenFlags.O_RDONLY);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (DriverBuffer buffer = client.allocate(4096)) {
            long least = Long.MAX_VALUE;
            // until the compiler has got to it, which takes its time on a busy machine
            for (int round = 0; round < 300 && least >= 1000; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    if (client.files().read(file, 0, buffer, 0, 4096) != 4096) {
                        throw new AssertionError("a short read");
                    }
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            // the measurement itself takes some bytes
            assertThat(least).isLessThan(1000);
        }
    }

    @Test
    void aClientThatIsClosedLeavesNothing() throws Exception {
        client.close();
        share.close();
        long descriptors = descriptors();
        long mappings = mappings();
        for (int i = 0; i < 3; i++) {
            share = PeerShare.start(Files.createTempDirectory(temporary, "again"));
            client = FuseClient.connect(share.socket);
            client.getattr(ROOT);
            client.close();
            share.close();
        }
        assertThat(descriptors()).isEqualTo(descriptors);
        assertThat(mappings()).isEqualTo(mappings);
    }

    private static long descriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return list.filter(fd -> {
                        try {
                            String target = Files.readSymbolicLink(fd).toString();
                            return target.contains("eventfd")
                                    || target.contains("oriel-driver")
                                    || target.contains("socket");
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    private static long mappings() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("oriel-driver")).count();
        }
    }

    @Test
    void aDeviceThatIsGoneFailsWhatComesAndHangsNothing() {
        share.close();
        failsWith(Errno.ENOTCONN, () -> client.getattr(ROOT));
        failsWith(Errno.EAGAIN, () -> {
            for (int i = 0; i < 1000; i++) {
                try {
                    client.getattr(ROOT);
                } catch (FuseException gone) {
                    if (gone.errno() != Errno.ENOTCONN) {
                        throw gone;
                    }
                }
            }
            throw new FuseException("nothing leaked, as it should be", Errno.EAGAIN);
        });
    }

    @Test
    void aSocketThatNobodyListensOnIsSaidSo() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> FuseClient.connect(temporary.resolve("nothing")))
                .withMessageContaining("no device can be reached at")
                .withMessageContaining("nothing");
    }

    @Test
    void aBigEndianSessionIsRefusedClearlyByALittleEndianServer() throws Exception {
        client.close();
        share.close();
        share = PeerShare.start(Files.createTempDirectory(temporary, "big"));
        FuseClientOptions options =
                FuseClientOptions.DEFAULTS.withOrder(ByteOrder.BIG_ENDIAN).withTimeLimit(Duration.ofSeconds(5));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> FuseClient.connect(share.socket, options))
                .withMessageContaining("start a FUSE session");
    }
}

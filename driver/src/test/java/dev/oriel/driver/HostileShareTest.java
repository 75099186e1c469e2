package dev.oriel.driver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.driver.nio.VirtioFileSystemProvider;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import dev.oriel.vhostuser.wire.FrontendRequest;
import dev.oriel.vhostuser.wire.ProtocolFeatures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Names that no request can carry, and shares that answer what no file system would: calls fail, and nothing is lost or
 * waited for.
 */
@Timeout(60)
class HostileShareTest {
    private static final FuseClientOptions SHORT =
            FuseClientOptions.DEFAULTS.withQueues(1).withQueueSize(32).withTimeLimit(Duration.ofSeconds(20));
    private static final long FILE = 2;
    private static final long DIRECTORY = 3;
    private static final long LINK = 4;

    @TempDir
    private Path folder;

    private Path socket() {
        return folder.resolve("socket");
    }

    /** Every name leads to a file, but "dir" and "link"; a test changes what else is answered. */
    private class Share extends ScriptedDevice {
        final AtomicInteger opens = new AtomicInteger();
        final AtomicInteger releases = new AtomicInteger();
        final AtomicLong forgotten = new AtomicLong();

        Share() throws IOException {
            super(socket(), 0);
        }

        static byte[] attributes(long node) {
            ByteBuffer body = ByteBuffer.allocate(104).order(ByteOrder.LITTLE_ENDIAN);
            body.put(16, bare(node));
            return body.array();
        }

        private static byte[] bare(long node) {
            int mode = node == FILE ? 0x8000 : node == LINK ? 0xa000 : 0x4000;
            ByteBuffer body = ByteBuffer.allocate(88).order(ByteOrder.LITTLE_ENDIAN);
            body.putLong(0, node).putLong(8, 4096).putInt(60, mode | 0644);
            return body.array();
        }

        static byte[] entry(long node) {
            ByteBuffer body = ByteBuffer.allocate(FuseEntryOut.SIZE).order(ByteOrder.LITTLE_ENDIAN);
            body.putLong(0, node).put(FuseEntryOut.SIZE - 88, bare(node));
            return body.array();
        }

        /** Entries whose offsets count on from that of the request. */
        static byte[] entries(Request request, String... names) {
            long offset = request.arguments().getLong(8);
            ByteBuffer body = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
            for (String name : names) {
                offset++;
                body.putLong(99).putLong(offset).putInt(name.length()).putInt(8).put(name.getBytes(UTF_8));
                body.position((body.position() + 7) & -8);
            }
            byte[] bytes = new byte[body.position()];
            body.flip().get(bytes);
            return bytes;
        }

        @Override
        byte @Nullable [] onRequest(Request request) throws IOException {
            return switch (request.opcode()) {
                case FuseOpcode.GETATTR -> attributes(request.nodeid());
                case FuseOpcode.LOOKUP -> {
                    byte[] name = new byte[request.arguments().limit() - 1];
                    request.arguments().get(0, name);
                    yield entry(
                            switch (new String(name, UTF_8)) {
                                case "dir" -> DIRECTORY;
                                case "link" -> LINK;
                                default -> FILE;
                            });
                }
                case FuseOpcode.OPEN, FuseOpcode.OPENDIR -> {
                    opens.incrementAndGet();
                    yield new byte[16];
                }
                case FuseOpcode.RELEASE, FuseOpcode.RELEASEDIR -> {
                    releases.incrementAndGet();
                    yield new byte[0];
                }
                case FuseOpcode.FORGET -> {
                    forgotten.addAndGet(request.arguments().getLong(0));
                    yield null;
                }
                case FuseOpcode.BATCH_FORGET -> {
                    for (int i = 0; i < request.arguments().getInt(0); i++) {
                        forgotten.addAndGet(request.arguments().getLong(16 + 16 * i));
                    }
                    yield null;
                }
                case FuseOpcode.DESTROY -> new byte[0];
                default -> null;
            };
        }

        FileSystem mount() throws IOException {
            return new VirtioFileSystemProvider()
                    .newFileSystem(socket(), Map.of(VirtioFileSystemProvider.OPTIONS, SHORT));
        }
    }

    private interface Call {
        void on(FuseClient client) throws Exception;
    }

    @Test
    void namesAndSizesThatNoRequestCanCarryCostNoRequest() throws Exception {
        byte[] name = "name".getBytes(UTF_8);
        byte[] longName = "a".repeat(20_000).getBytes(UTF_8);
        byte[] twoNames = {'a', 0, 'b'};
        OpenFile file = new OpenFile(FILE, 1, 0, false);
        Map<Integer, List<Call>> calls = Map.of(
                Errno.ENAMETOOLONG,
                List.of(
                        client -> client.lookup(1, longName),
                        client -> client.mkdir(1, longName, 0755),
                        client -> client.mknod(1, longName, 0644, 0),
                        client -> client.unlink(1, longName),
                        client -> client.rmdir(1, longName),
                        client -> client.link(FILE, 1, longName),
                        client -> client.rename(1, longName, 1, name, 0),
                        client -> client.rename(1, name, 1, longName, 1),
                        client -> client.symlink(1, longName, name),
                        client -> client.symlink(1, name, longName),
                        client -> client.files().create(1, longName, 0, 0644)),
                Errno.EINVAL,
                List.of(
                        client -> client.lookup(1, twoNames),
                        client -> client.lookup(1, new byte[0]),
                        client -> client.lookup(1, "a/b".getBytes(UTF_8)),
                        client -> client.symlink(1, name, twoNames),
                        client -> client.extendedAttributes().get(FILE, twoNames)),
                Errno.ERANGE,
                List.of(
                        client -> client.extendedAttributes().get(FILE, longName),
                        client -> client.extendedAttributes().remove(FILE, longName),
                        client -> client.extendedAttributes().set(FILE, longName, name, 0)),
                Errno.E2BIG,
                List.of(client -> client.extendedAttributes().set(FILE, name, new byte[70_000], 0)),
                0,
                List.of(
                        client -> client.controls().ioctl(file, 0, 1, new byte[0], -1),
                        client -> client.controls().ioctl(file, 0, 1, new byte[20_000], 0),
                        client -> client.files().read(file, 0, client.allocate(4096), 0, 5000),
                        client -> client.files().write(file, 0, client.allocate(4096), -1, 10)));
        try (Share share = new Share();
                FuseClient client = FuseClient.connect(socket(), SHORT)) {
            calls.forEach((errno, all) -> all.forEach(call -> {
                for (int i = 0; i <= client.queue(0).depth(); i++) {
                    assertThatExceptionOfType(Exception.class)
                            .isThrownBy(() -> call.on(client))
                            .satisfies(
                                    failed -> assertThat(failed instanceof FuseException refused ? refused.errno() : 0)
                                            .isEqualTo(errno));
                }
                assertThat(client.queue(0).available())
                        .isEqualTo(client.queue(0).depth());
            }));
            assertThat(share.opens).hasValue(0);
        }
    }

    @Test
    void aPathThatIsTooLongDoesNotExistAndIsNotAskedFor() throws Exception {
        try (Share share = new Share();
                FileSystem mounted = share.mount()) {
            for (int i = 0; i < 40; i++) {
                assertThat(Files.exists(mounted.getPath("a".repeat(20_000)))).isFalse();
                assertThat(Files.exists(mounted.getPath("dir/".repeat(1_100)))).isFalse();
            }
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(
                            () -> Files.createSymbolicLink(mounted.getPath("new"), mounted.getPath("x".repeat(5_000))))
                    .withMessageContaining("name too long");
            assertThat(Files.exists(mounted.getPath("dir"))).isTrue();
        }
    }

    @Test
    void aFileWhoseTruncationFailsIsClosed() throws Exception {
        try (Share share = new Share();
                FileSystem mounted = share.mount()) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> Files.newByteChannel(
                            mounted.getPath("file"), StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING));
            assertThat(share.opens).hasValue(1);
            assertThat(share.releases).hasValue(1);
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            entries.forEach(found::add);
        }
        return found;
    }

    /** What no directory lists: its own dots again and again, and a part that leads back to itself. */
    @Test
    void aDirectoryWithoutAnEndIsAnError() throws Exception {
        String[][] parts = {{"."}, {"..", ".."}, {}};
        for (String[] names : parts) {
            try (Share share = new Share() {
                        @Override
                        byte @Nullable [] onRequest(Request request) throws IOException {
                            if (request.opcode() != FuseOpcode.READDIR) {
                                return super.onRequest(request);
                            }
                            if (names.length > 0) {
                                return entries(request, names);
                            }
                            byte[] same = entries(request, "a");
                            ByteBuffer.wrap(same).order(ByteOrder.LITTLE_ENDIAN).putLong(8, 7);
                            return same;
                        }
                    };
                    FileSystem mounted = share.mount()) {
                assertThatExceptionOfType(DirectoryIteratorException.class)
                        .isThrownBy(() -> list(mounted.getPath("/")));
            }
        }
    }

    @Test
    void aLinkThatIsNoPathIsAnErrorAndNoCrash() throws Exception {
        byte[][] targets = {{}, {'a', 0, 'b'}};
        for (byte[] target : targets) {
            try (Share share = new Share() {
                        @Override
                        byte @Nullable [] onRequest(Request request) throws IOException {
                            return request.opcode() == FuseOpcode.READLINK ? target : super.onRequest(request);
                        }
                    };
                    FileSystem mounted = share.mount()) {
                assertThat(Files.exists(mounted.getPath("link"))).isFalse();
                assertThatExceptionOfType(IOException.class)
                        .isThrownBy(() -> Files.readSymbolicLink(mounted.getPath("link")));
            }
        }
    }

    /** The root as a file: who believed it would find nothing in the share any more. */
    @Test
    void aNodeThatIsInUseDoesNotChangeItsType() throws Exception {
        try (Share share = new Share() {
                    @Override
                    byte @Nullable [] onRequest(Request request) throws IOException {
                        if (request.opcode() != FuseOpcode.LOOKUP) {
                            return super.onRequest(request);
                        }
                        byte[] file = entry(FILE);
                        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, FuseClient.ROOT);
                        return file;
                    }
                };
                FileSystem mounted = share.mount()) {
            assertThat(Files.exists(mounted.getPath("/lie"))).isFalse();
            assertThat(Files.isDirectory(mounted.getPath("/"))).isTrue();
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> Files.size(mounted.getPath("/lie/below")))
                    .withMessageContaining("Input/output error");
        }
    }

    @Test
    void aDeviceThatWritesNothingFailsTheWrite() throws Exception {
        try (Share share = new Share() {
                    @Override
                    byte @Nullable [] onRequest(Request request) throws IOException {
                        return request.opcode() == FuseOpcode.WRITE ? new byte[8] : super.onRequest(request);
                    }
                };
                FileSystem mounted = share.mount()) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> Files.write(mounted.getPath("file"), new byte[10], StandardOpenOption.WRITE));
            assertThat(share.releases).hasValue(1);
        }
    }

    @Test
    void nobodyWaitsForADeviceThatDoesNotForget() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        int count = 500;
        try (Share share = new Share() {
                    @Override
                    byte @Nullable [] onRequest(Request request) throws IOException {
                        if (request.opcode() == FuseOpcode.FORGET) {
                            awaitQuietly(goOn);
                        }
                        return super.onRequest(request);
                    }
                };
                FuseClient client = FuseClient.connect(socket(), SHORT)) {
            try {
                for (int i = 0; i < count; i++) {
                    client.lookup(1, "file".getBytes(UTF_8));
                    client.forget(FILE + 10 + i, 1);
                }
            } finally {
                goOn.countDown();
            }
            while (share.forgotten.get() < count) {
                client.forgetAll(List.of());
                Thread.onSpinWait();
            }
            assertThat(share.forgotten).hasValue(count);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aDeviceThatDoesNotReadIsGivenUp() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        long withoutAcknowledgements = ProtocolFeatures.MQ
                | ProtocolFeatures.BACKEND_REQ
                | ProtocolFeatures.CONFIG
                | ProtocolFeatures.BACKEND_SEND_FD;
        try (var device = new ScriptedDevice(socket(), 0, 300) {
            @Override
            boolean onMessage(FrontendRequest request) {
                if (request == FrontendRequest.GET_PROTOCOL_FEATURES) {
                    replyLong(withoutAcknowledgements);
                    return true;
                }
                if (request == FrontendRequest.SET_FEATURES) {
                    awaitQuietly(end);
                }
                return false;
            }
        }) {
            try {
                assertThatExceptionOfType(IOException.class)
                        .isThrownBy(() -> FuseClient.connect(
                                socket(),
                                FuseClientOptions.DEFAULTS
                                        .withQueues(300)
                                        .withQueueSize(8)
                                        .withTimeLimit(Duration.ofMillis(300))))
                        .withMessageContaining("is it hung?");
            } finally {
                end.countDown();
            }
            assertThat(device.message()).isNotNull();
        }
    }
}

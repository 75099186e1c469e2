package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class UnixSocketTest {
    private static final int[] NONE = {};

    private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 20);

    @TempDir
    Path folder;

    /** Descriptors of this process on a file of ours: not disturbed by what the JVM opens meanwhile. */
    private static long descriptorsOf(Path file) throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(link -> {
                        try {
                            return Files.readSymbolicLink(link).equals(file);
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    private Descriptor open(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return new Descriptor(LinuxException.check(
                    FileCalls.openat(At.AT_FDCWD, CString.of(file.toString(), arena), OpenFlags.O_RDONLY, 0), "open"));
        }
    }

    @Test
    void bytesAndDescriptorsArriveTogether() throws IOException {
        Path file = Files.writeString(folder.toRealPath().resolve("file"), "content");
        try (UnixSocket server = UnixSocket.listen(folder.resolve("socket"), 4);
                Connection client = UnixSocket.connect(folder.resolve("socket"));
                Connection accepted = requireNonNull(server.accept());
                DescriptorQueue queue = new DescriptorQueue(8)) {
            try (Descriptor sent = open(file)) {
                buffer.setString(0, "hello");
                assertThat(client.send(buffer, 0, 5, new int[] {sent.number(), sent.number()}, 2))
                        .isEqualTo(5);
            }
            assertThat(accepted.receive(buffer, 100, 50, queue)).isEqualTo(5);
            assertThat(CString.text(buffer, 100, 5)).isEqualTo("hello");
            assertThat(queue.count()).isEqualTo(2);
            int first = queue.take();
            assertThat(Transfers.read(first, buffer, 7)).isEqualTo(7);
            assertThat(CString.text(buffer, 0, 7)).isEqualTo("content");
            assertThat(FileCalls.fcntl(first, FcntlCommand.F_GETFD, 0)).isEqualTo(FcntlCommand.FD_CLOEXEC);
            FileCalls.close(first);
            assertThat(descriptorsOf(file)).isEqualTo(1);
        }
        assertThat(descriptorsOf(file)).as("the queue closes what nobody took").isZero();
        assertThat(folder.resolve("socket")).doesNotExist();
    }

    @Test
    void moreDescriptorsThanExpectedAreClosedAndReported() throws IOException {
        Path file = Files.createFile(folder.toRealPath().resolve("file"));
        try (UnixSocket.Pair pair = UnixSocket.pair();
                Descriptor sent = open(file);
                DescriptorQueue queue = new DescriptorQueue(8)) {
            int[] many = new int[Connection.MAX_DESCRIPTORS];
            Arrays.fill(many, sent.number());
            assertThat(pair.first().send(buffer, 0, 1, many, many.length)).isEqualTo(1);
            assertThat(pair.second().receive(buffer, 0, 1, queue)).isEqualTo(-Errno.EMSGSIZE);
            assertThat(queue.count()).isZero();
            assertThat(descriptorsOf(file)).isEqualTo(1);
            assertThat(pair.first().send(buffer, 0, 1, new int[300], 300)).isEqualTo(-Errno.EINVAL);
            assertThat(pair.first().send(buffer, 0, 1, new int[] {-1}, 1)).isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void descriptorsAboveTheLimitOfTheProcessAreClosedAndReported() throws IOException {
        Path file = Files.createFile(folder.toRealPath().resolve("file"));
        ResourceLimits.Limit limit = ResourceLimits.openFiles();
        try (UnixSocket.Pair pair = UnixSocket.pair();
                Descriptor sent = open(file);
                DescriptorQueue queue = new DescriptorQueue(8)) {
            int[] many = {sent.number(), sent.number(), sent.number(), sent.number()};
            assertThat(pair.first().send(buffer, 0, 1, many, many.length)).isEqualTo(1);
            int received;
            ResourceLimits.setOpenFiles(new ResourceLimits.Limit(3, limit.hard()));
            try {
                received = pair.second().receive(buffer, 0, 1, queue);
            } finally {
                ResourceLimits.setOpenFiles(limit);
            }
            assertThat(received).isEqualTo(-Errno.EMFILE);
            assertThat(queue.count()).isZero();
            assertThat(descriptorsOf(file)).isEqualTo(1);
        }
    }

    @Test
    void aLongMessageIsSentWholeToASlowReader() throws Exception {
        int length = (int) buffer.byteSize();
        for (int i = 0; i < length; i += 4) {
            buffer.set(JAVA_INT, i, i);
        }
        try (UnixSocket.Pair pair = UnixSocket.pair();
                var threads = Executors.newSingleThreadExecutor();
                DescriptorQueue queue = new DescriptorQueue(1)) {
            var sending = threads.submit(() -> pair.first().send(buffer, 0, length, NONE, 0));
            MemorySegment copy = Arena.ofAuto().allocate(length, 8);
            int received = 0;
            while (received < length) {
                int part = pair.second().receive(copy, received, Math.min(5000, length - received), queue);
                assertThat(part).isPositive();
                received += part;
            }
            assertThat(sending.get()).isEqualTo(length);
            assertThat(copy.mismatch(buffer)).isEqualTo(-1);
        }
    }

    @Test
    void theEndOfTheStreamIsZeroAndAPeerThatLeftIsAnError() throws IOException {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                DescriptorQueue queue = new DescriptorQueue(1)) {
            pair.first().close();
            assertThat(pair.second().receive(buffer, 0, 1, queue)).isZero();
            assertThat(pair.second().send(buffer, 0, 1, NONE, 0)).isEqualTo(-Errno.EPIPE);
            assertThat(pair.first().receive(buffer, 0, 1, queue)).isEqualTo(-Errno.EBADF);
            assertThat(pair.first().send(buffer, 0, 1, NONE, 0)).isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void shuttingDownWakesAReceiver() throws Exception {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                var threads = Executors.newSingleThreadExecutor();
                DescriptorQueue queue = new DescriptorQueue(1)) {
            var receiving = threads.submit(() -> pair.second().receive(buffer, 0, 1, queue));
            pair.second().shutdown();
            assertThat(receiving.get(30, TimeUnit.SECONDS)).isZero();
        }
    }

    @Test
    void closingWakesTheThreadThatAccepts() throws Exception {
        UnixSocket server = UnixSocket.listen(folder.resolve("socket"), 1);
        try (var threads = Executors.newSingleThreadExecutor()) {
            var accepting = threads.submit(server::accept);
            server.close();
            assertThat(accepting.get(30, TimeUnit.SECONDS)).isNull();
            assertThat(server.accept()).isNull();
        }
    }

    @Test
    void aSocketInUseIsRefusedAndLeftAlone() throws IOException {
        Path path = folder.resolve("socket");
        try (UnixSocket server = UnixSocket.listen(path, 0)) {
            assertThatThrownBy(() -> UnixSocket.listen(path, 1))
                    .isInstanceOf(LinuxException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("another process listens there")
                    .satisfies(e -> assertThat(((LinuxException) e).errno()).isEqualTo(Errno.EADDRINUSE));
            // the probe of the first attempt fills the backlog: still seen as alive
            assertThatThrownBy(() -> UnixSocket.listen(path, 1)).hasMessageContaining("another process listens there");
            assertThat(server.path()).isEqualTo(path).exists();
        }
    }

    @Test
    void aSocketThatADeadProcessLeftIsReplaced() throws IOException {
        Path path = folder.resolve("socket");
        try (Arena arena = Arena.ofConfined()) {
            int dead = SocketCalls.socket();
            assertThat(SocketCalls.bind(dead, SocketCalls.address(path, arena))).isZero();
            FileCalls.close(dead);
        }
        assertThat(path).exists();
        try (UnixSocket server = UnixSocket.listen(path, 1);
                Connection client = UnixSocket.connect(path)) {
            assertThat(client.number()).isNotEqualTo(server.number());
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void aFileThatIsNoSocketIsNeverRemoved() throws IOException {
        Path path = Files.writeString(folder.resolve("socket"), "precious");
        assertThatThrownBy(() -> UnixSocket.listen(path, 1)).hasMessageContaining("not a socket");
        assertThat(path).hasContent("precious");
    }

    @Test
    void aSocketThatReplacedOursIsNotRemoved() throws IOException {
        Path path = folder.resolve("socket");
        UnixSocket first = UnixSocket.listen(path, 1);
        Files.move(path, folder.resolve("moved"));
        try (UnixSocket second = UnixSocket.listen(path, 1)) {
            first.close();
            assertThat(path).exists();
            UnixSocket.connect(path).close();
            assertThat(second.number()).isNotNegative();
        }
    }

    @Test
    void pathsThatCannotBeUsedAreExplained() {
        Path tooLong = folder.resolve("x".repeat(108));
        assertThatThrownBy(() -> UnixSocket.listen(tooLong, 1))
                .hasMessageContaining("1 to 107")
                .hasMessageContaining("ENAMETOOLONG");
        assertThatThrownBy(() -> UnixSocket.listen(folder.resolve("absent/socket"), 1))
                .hasMessageContaining("absent/socket: No such file or directory (ENOENT)");
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("absent")))
                .hasMessageContaining("connect to " + folder.resolve("absent"));
    }

    @Test
    void aListeningDescriptorFromElsewhereIsAdopted() throws IOException {
        Path path = folder.resolve("socket");
        try (UnixSocket original = UnixSocket.listen(path, 1)) {
            int passed = FileCalls.dup(original.number());
            try (UnixSocket adopted = UnixSocket.fromDescriptor(passed);
                    Connection client = UnixSocket.connect(path);
                    Connection accepted = requireNonNull(adopted.accept());
                    DescriptorQueue queue = new DescriptorQueue(1)) {
                buffer.set(JAVA_BYTE, 0, (byte) 42);
                assertThat(client.send(buffer, 0, 1, NONE, 0)).isEqualTo(1);
                assertThat(accepted.receive(buffer, 1, 1, queue)).isEqualTo(1);
                assertThat(buffer.get(JAVA_BYTE, 1)).isEqualTo((byte) 42);
            }
            assertThat(path).as("not ours to remove").exists();
            assertThatThrownBy(() -> UnixSocket.fromDescriptor(-1)).hasMessageContaining("EBADF");
            try (UnixSocket.Pair pair = UnixSocket.pair()) {
                assertThatThrownBy(() -> UnixSocket.fromDescriptor(pair.first().number()))
                        .hasMessageContaining("EINVAL");
            }
        }
    }
}

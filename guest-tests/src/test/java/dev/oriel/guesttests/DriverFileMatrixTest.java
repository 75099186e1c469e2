package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.OpenFile;
import dev.oriel.guesttests.DriverShare.Reached;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files of every kind through the driver: what it reads are the host's bytes, and what it writes is in the host's file
 * after fsync, flush or the end of the mapping. Through the DAX window where there is one, by request where there is
 * none.
 */
@ParameterizedClass
@EnumSource(DriverSubject.class)
class DriverFileMatrixTest {
    private static final int PAGE = 4096;
    private static final int SLOT = (int) DaxDevice.SLOT_SIZE;

    @Parameter
    private DriverSubject subject = DriverSubject.RUST;

    @SuppressWarnings("NullAway.Init") // by connect
    private static DriverShare share;

    @SuppressWarnings("NullAway.Init") // by connect
    private static FuseClient client;

    private static int files;

    /** Of the file of a test. */
    private String name = "";

    @BeforeParameterizedClassInvocation
    static void connect(DriverSubject subject) throws Exception {
        share = DriverShare.serve(subject);
        client = share.connect();
    }

    @AfterParameterizedClassInvocation
    static void disconnect() throws Exception {
        client.close();
        share.close();
    }

    @BeforeEach
    void chooseName() {
        name = "file-" + files++;
    }

    static IntStream sizes() {
        return IntStream.of(0, 1, PAGE - 1, PAGE, PAGE + 1, SLOT - 1, SLOT, SLOT + 1, 3 * SLOT + 5000);
    }

    static Stream<Arguments> sizesAndWays() {
        return sizes().filter(size -> size > 0)
                .boxed()
                .flatMap(size -> Arrays.stream(Reached.values()).map(reached -> Arguments.of(size, reached)));
    }

    private static long node(String name) throws IOException {
        return DriverShare.node(client, name);
    }

    private OpenFile open(long node, int flags) throws IOException {
        return client.files().open(node, flags);
    }

    private byte[] onHost(String name) throws IOException {
        return Files.readAllBytes(share.host(name));
    }

    private void truncate(long node, long size) throws IOException {
        client.setattr(node, new AttributeChange().size(size));
    }

    private static void failsWith(int errno, ThrowingCallable call) {
        assertThatExceptionOfType(FuseException.class)
                .isThrownBy(call)
                .satisfies(failed -> assertThat(Errno.name(failed.errno())).isEqualTo(Errno.name(errno)));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void whatIsReadIsTheHostsFile(int size) throws IOException {
        byte[] content = share.make(name, size);
        long node = node(name);
        assertThat(client.getattr(node).size()).isEqualTo(size);
        assertThat(share.read(client, node, 0, size)).isEqualTo(content);
        for (int start : new int[] {1, PAGE - 1, PAGE, SLOT - 1, SLOT}) {
            int length = Math.min(size - start, 2 * PAGE);
            if (length > 0) {
                assertThat(share.read(client, node, start, length))
                        .isEqualTo(Arrays.copyOfRange(content, start, start + length));
            }
        }
        if (subject.hasWindow()) {
            DaxDevice dax = client.dax().orElseThrow();
            failsWith(Errno.EINVAL, () -> dax.map(node, 0, size + 1L, false));
            failsWith(Errno.EINVAL, () -> dax.map(node, size, 1, false));
        }
    }

    @ParameterizedTest
    @MethodSource("sizesAndWays")
    void whatIsWrittenIsInTheHostsFile(int size, Reached reached) throws IOException {
        byte[] content = share.make(name, size);
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_RDWR);
        for (int at : new int[] {0, size / 2, size - 1}) {
            byte[] bytes = DriverShare.content(Math.min(size - at, PAGE + 100), at);
            share.write(client, file, at, bytes);
            System.arraycopy(bytes, 0, content, at, bytes.length);
        }
        reached.doIt(client, file);
        assertThat(onHost(name)).isEqualTo(content);
        assertThat(share.read(client, node, 0, size)).isEqualTo(content);
        client.files().release(file);
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void aSparseFileIsReadAndItsHolesStayHoles() throws IOException {
        int size = 4 * SLOT + 777;
        byte[] content = new byte[size];
        try (RandomAccessFile host = new RandomAccessFile(share.host("sparse").toFile(), "rw")) {
            host.setLength(size);
            for (int at : new int[] {0, SLOT - 5, 3 * SLOT, size - 7}) {
                byte[] piece = DriverShare.content(Math.min(10, size - at), at);
                host.seek(at);
                host.write(piece);
                System.arraycopy(piece, 0, content, at, piece.length);
            }
        }
        long node = node("sparse");
        long blocks = client.getattr(node).blocks();
        assertThat(share.read(client, node, 0, size)).isEqualTo(content);

        OpenFile file = open(node, OpenFlags.O_RDWR);
        byte[] inHole = DriverShare.content(20, 1);
        share.write(client, file, 2 * SLOT + 50, inHole);
        System.arraycopy(inHole, 0, content, 2 * SLOT + 50, inHole.length);
        client.files().fsync(file, false);
        client.files().release(file);
        assertThat(onHost("sparse")).isEqualTo(content);
        // a store of the file's own pages makes the host allocate as much as it likes, 2 MiB on ext4 with large folios
        long most = subject.isDirect() ? 2L * SLOT - PAGE : SLOT / 4;
        assertThat((client.getattr(node).blocks() - blocks) * 512)
                .as("bytes that one store took")
                .isLessThanOrEqualTo(most);
    }

    @Test
    void aFileGrowsByAppending() throws IOException {
        byte[] content = share.make(name, PAGE - 100);
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_WRONLY | OpenFlags.O_APPEND);
        for (int step : new int[] {50, 100, PAGE, SLOT - PAGE, SLOT + 1}) {
            assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
            byte[] more = DriverShare.content(step, step);
            assertThat(client.files().write(file, content.length, MemorySegment.ofArray(more)))
                    .isEqualTo(step);
            byte[] longer = Arrays.copyOf(content, content.length + step);
            System.arraycopy(more, 0, longer, content.length, step);
            content = longer;
            assertThat(onHost(name)).isEqualTo(content);
        }
        assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
        client.files().release(file);
    }

    @Test
    void aFileGrowsByTruncationAndIsWrittenInItsNewPart() throws IOException {
        byte[] content = share.make(name, 1);
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_RDWR);
        for (int size : new int[] {PAGE - 1, PAGE, PAGE + 1, SLOT - 1, SLOT, SLOT + 1}) {
            assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
            truncate(node, size);
            content = Arrays.copyOf(content, size);
            assertThat(share.read(client, node, 0, size)).isEqualTo(content);
            share.write(client, file, size - 1, new byte[] {77});
            content[size - 1] = 77;
            client.files().flush(file, 0);
            assertThat(onHost(name)).isEqualTo(content);
        }
        client.files().release(file);
    }

    @Test
    void aFileThatShrinksAndGrowsAgainHasZerosThere() throws IOException {
        byte[] content = share.make(name, SLOT + 5000);
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_RDWR);
        for (int size : new int[] {SLOT + 1, SLOT, PAGE + 1, PAGE, 100, 0}) {
            share.write(client, file, size, new byte[] {55});
            assertThat(share.read(client, node, size, 1)).containsExactly(55);
            truncate(node, size);
            assertThat(onHost(name)).isEqualTo(Arrays.copyOf(content, size));
            truncate(node, content.length);
            content = Arrays.copyOf(Arrays.copyOf(content, size), content.length);
            assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
            assertThat(onHost(name)).isEqualTo(content);
        }
        client.files().release(file);
    }

    @Test
    void whatTheHostAppendsIsReadAfterTheNextOpen() throws IOException {
        byte[] content = share.make(name, 100);
        long node = node(name);
        assertThat(share.read(client, node, 0, 100)).isEqualTo(content);
        byte[] more = DriverShare.content(SLOT, 9);
        Files.write(share.host(name), more, StandardOpenOption.APPEND);
        client.files().release(open(node, OpenFlags.O_RDONLY));
        assertThat(client.getattr(node).size()).isEqualTo(100L + SLOT);
        byte[] all = Arrays.copyOf(content, 100 + SLOT);
        System.arraycopy(more, 0, all, 100, SLOT);
        assertThat(share.read(client, node, 0, all.length)).isEqualTo(all);
    }

    @Test
    void aFileThatTheHostShortensHurtsNobodyAndIsReadAfterTheNextOpen() throws IOException {
        byte[] content = share.make(name, SLOT);
        long node = node(name);
        assertThat(share.read(client, node, 0, SLOT)).isEqualTo(content);
        try (RandomAccessFile host = new RandomAccessFile(share.host(name).toFile(), "rw")) {
            host.setLength(PAGE + 1);
        }
        if (subject.isDirect()) {
            failsWith(Errno.EIO, () -> share.read(client, node, 0, SLOT));
        } else if (subject.hasWindow()) {
            assertThat(share.read(client, node, 0, PAGE + 1)).isEqualTo(Arrays.copyOf(content, PAGE + 1));
        }
        client.files().release(open(node, OpenFlags.O_RDONLY));
        assertThat(client.getattr(node).size()).isEqualTo(PAGE + 1);
        assertThat(share.read(client, node, 0, PAGE + 1)).isEqualTo(Arrays.copyOf(content, PAGE + 1));
        client.statfs(FuseClient.ROOT);
    }

    @Test
    void theWindowAndRequestsSeeEachOthersWrites() throws IOException {
        assumeTrue(subject.hasWindow(), "there is no window");
        byte[] content = share.make(name, 2 * PAGE + 10);
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_RDWR);
        DaxDevice dax = client.dax().orElseThrow();
        try (DaxDevice.Pin pin = dax.map(node, 0, content.length, true)) {
            for (int at : new int[] {5, PAGE - 1, 2 * PAGE + 9}) {
                byte[] written = {(byte) at};
                client.files().write(file, at, MemorySegment.ofArray(written));
                assertThat(pin.segment().get(ValueLayout.JAVA_BYTE, at)).isEqualTo(written[0]);
                pin.segment().set(ValueLayout.JAVA_BYTE, at, (byte) (at + 1));
                byte[] read = new byte[1];
                client.files().read(file, at, MemorySegment.ofArray(read));
                assertThat(read).containsExactly((byte) (at + 1));
                content[at] = (byte) (at + 1);
            }
            assertThat(pin.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
        }
        client.files().release(file);
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void aByteIsNotWrittenInTwoPlacesOfTheWindow() throws IOException {
        assumeTrue(subject.hasWindow(), "there is no window");
        byte[] content = share.make(name, SLOT + 10);
        long node = node(name);
        DaxDevice dax = client.dax().orElseThrow();
        try (DaxDevice.Pin end = dax.map(node, SLOT, 10, true)) {
            end.segment().set(ValueLayout.JAVA_BYTE, 3, (byte) 99);
            failsWith(Errno.EBUSY, () -> dax.map(node, 0, SLOT + 10, false));
        }
        content[SLOT + 3] = 99;
        try (DaxDevice.Pin all = dax.map(node, 0, SLOT + 10, false)) {
            assertThat(all.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
            try (DaxDevice.Pin end = dax.map(node, SLOT, 10, true)) {
                end.segment().set(ValueLayout.JAVA_BYTE, 4, (byte) 98);
            }
            assertThat(all.segment().get(ValueLayout.JAVA_BYTE, SLOT + 4)).isEqualTo((byte) 98);
        }
    }

    @Test
    void aFileThatGrowsIsMappedAgainBesideItsFirstMapping() throws IOException {
        assumeTrue(subject.isDirect(), "both places are to be the file's own pages");
        byte[] content = Arrays.copyOf(share.make(name, SLOT / 2), SLOT + SLOT / 2);
        long node = node(name);
        DaxDevice dax = client.dax().orElseThrow();
        try (DaxDevice.Pin small = dax.map(node, 0, SLOT / 2, true)) {
            client.setattr(node, new AttributeChange().size(content.length));
            try (DaxDevice.Pin large = dax.map(node, 0, content.length, true)) {
                small.segment().set(ValueLayout.JAVA_BYTE, 3, (byte) 99);
                large.segment().set(ValueLayout.JAVA_BYTE, 4, (byte) 98);
                content[3] = 99;
                content[4] = 98;
                assertThat(large.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
                assertThat(small.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(Arrays.copyOf(content, SLOT / 2));
            }
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void bothNamesOfAFileAreOneFile() throws IOException {
        byte[] content = share.make("one", SLOT + 10);
        Files.createLink(share.host("two"), share.host("one"));
        long one = node("one");
        long two = node("two");
        assertThat(share.read(client, two, 0, content.length)).isEqualTo(content);
        OpenFile file = open(one, OpenFlags.O_RDWR);
        byte[] end = DriverShare.content(10, 2);
        share.write(client, file, SLOT, end);
        client.files().fsync(file, false);
        client.files().release(file);
        System.arraycopy(end, 0, content, SLOT, 10);
        assertThat(share.read(client, two, 0, content.length)).isEqualTo(content);
        assertThat(onHost("two")).isEqualTo(content);
        client.unlink(FuseClient.ROOT, "one".getBytes(UTF_8));
        assertThat(share.read(client, two, 0, content.length)).isEqualTo(content);
    }

    @Test
    void aFileThatLosesItsNameWhileItIsInUseLivesOn() throws IOException {
        byte[] content = share.make(name, SLOT + 10);
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_RDWR);
        try (RandomAccessFile host = new RandomAccessFile(share.host(name).toFile(), "r")) {
            assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
            client.unlink(FuseClient.ROOT, name.getBytes(UTF_8));
            assertThat(share.host(name)).doesNotExist();
            byte[] bytes = DriverShare.content(PAGE, 3);
            share.write(client, file, SLOT - 100, bytes(bytes, 110));
            System.arraycopy(bytes, 0, content, SLOT - 100, 110);
            client.files().fsync(file, false);
            byte[] now = new byte[content.length];
            host.readFully(now);
            assertThat(now).isEqualTo(content);
            assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
        }
        client.files().release(file);
    }

    private static byte[] bytes(byte[] of, int length) {
        return Arrays.copyOf(of, length);
    }

    @Test
    void aFileThatIsOpenForReadingOnlyIsNotWritten() throws IOException {
        byte[] content = share.make(name, PAGE + 1);
        Files.setPosixFilePermissions(share.host(name), PosixFilePermissions.fromString("r--r--r--"));
        long node = node(name);
        OpenFile file = open(node, OpenFlags.O_RDONLY);
        assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
        failsWith(Errno.EBADF, () -> client.files().write(file, 0, MemorySegment.ofArray(new byte[1])));
        if (subject.hasWindow()) {
            try (DaxDevice.Pin pin = client.dax().orElseThrow().map(node, 0, 1, false)) {
                assertThat(pin.segment().isReadOnly()).isTrue();
            }
        }
        client.files().release(file);
        assertThat(onHost(name)).isEqualTo(content);
    }

    /** The host lets nobody open it for writing, so its pages cannot be mapped. */
    @Test
    void aProgramThatRunsOnTheHostIsRead() throws Exception {
        Path program = Files.copy(Path.of("/bin/sleep"), share.host("program"));
        byte[] content = Files.readAllBytes(program);
        Process running = new ProcessBuilder(program.toString(), "60").start();
        try {
            long node = node("program");
            assertThat(share.read(client, node, 0, content.length)).isEqualTo(content);
            if (subject.hasWindow()) {
                failsWith(Errno.EACCES, () -> client.dax().orElseThrow().map(node, 0, 1, true));
            }
        } finally {
            running.destroyForcibly().waitFor();
        }
    }

    @Test
    void aReadOnlyShareIsReadAndNotWritten() throws Exception {
        try (DriverShare readOnly = DriverShare.serve(subject, "--readonly");
                FuseClient reader = readOnly.connect()) {
            byte[] content = readOnly.make(name, SLOT + 4097);
            long node = DriverShare.node(reader, name);
            assertThat(readOnly.read(reader, node, 0, content.length)).isEqualTo(content);
            failsWith(Errno.EROFS, () -> reader.files().open(node, OpenFlags.O_RDWR));
            failsWith(Errno.EROFS, () -> reader.setattr(node, new AttributeChange().size(0)));
            if (subject.hasWindow()) {
                DaxDevice dax = reader.dax().orElseThrow();
                failsWith(Errno.EACCES, () -> dax.map(node, 0, PAGE, true));
                failsWith(Errno.EACCES, () -> dax.copyIn(node, 0, MemorySegment.ofArray(new byte[1])));
            }
            assertThat(Files.readAllBytes(readOnly.host(name))).isEqualTo(content);
        }
    }
}

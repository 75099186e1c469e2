package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.driver.DaxDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files of every kind through {@code java.nio.file}, as a program that knows nothing of virtio uses them: mapped where
 * there is a DAX window; where there is none, by channels, with copies for what is mapped for reading.
 */
@ParameterizedClass
@EnumSource(DriverSubject.class)
class ChannelFileMatrixTest {
    private static final int PAGE = 4096;
    private static final int SLOT = (int) DaxDevice.SLOT_SIZE;

    @Parameter
    private DriverSubject subject = DriverSubject.RUST;

    @SuppressWarnings("NullAway.Init") // by mount
    private static DriverShare share;

    @SuppressWarnings("NullAway.Init") // by mount
    private static FileSystem fileSystem;

    private static int files;

    /** Of the file of a test. */
    private String name = "";

    @BeforeParameterizedClassInvocation
    static void mount(DriverSubject subject) throws Exception {
        share = DriverShare.serve(subject);
        fileSystem = share.mount();
    }

    @AfterParameterizedClassInvocation
    static void unmount() throws Exception {
        fileSystem.close();
        share.close();
    }

    @BeforeEach
    void chooseName() {
        name = "file-" + files++;
    }

    static IntStream sizes() {
        return DriverFileMatrixTest.sizes();
    }

    private static Path path(String name) {
        return fileSystem.getPath("/" + name);
    }

    private byte[] onHost(String name) throws IOException {
        return Files.readAllBytes(share.host(name));
    }

    private static byte[] mapped(FileChannel channel, long size) throws IOException {
        MappedByteBuffer buffer = channel.map(MapMode.READ_ONLY, 0, size);
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static byte[] mapped(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            return mapped(channel, channel.size());
        }
    }

    /** Stores into mapped memory, where that is possible; else writes. */
    private void write(FileChannel channel, int at, byte[] bytes) throws IOException {
        if (subject.hasWindow()) {
            channel.map(MapMode.READ_WRITE, at, bytes.length).put(bytes);
        } else {
            assertThat(channel.write(ByteBuffer.wrap(bytes), at)).isEqualTo(bytes.length);
        }
    }

    private FileChannel openForBoth(String name) throws IOException {
        return FileChannel.open(path(name), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void whatIsMappedIsTheHostsFile(int size) throws IOException {
        byte[] content = share.make(name, size);
        assertThat(mapped(path(name))).isEqualTo(content);
        assertThat(Files.readAllBytes(path(name))).isEqualTo(content);
        try (FileChannel channel = FileChannel.open(path(name))) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> channel.map(MapMode.READ_ONLY, 0, size + 1L))
                    .withMessageContaining("ends before");
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void whatIsStoredIsInTheHostsFileAfterForceAndAfterClose(int size) throws IOException {
        byte[] content = share.make(name, size);
        try (FileChannel channel = openForBoth(name)) {
            byte[] first = DriverShare.content(Math.min(size, PAGE + 1), 1);
            write(channel, 0, first);
            channel.force(false);
            System.arraycopy(first, 0, content, 0, first.length);
            assertThat(onHost(name)).isEqualTo(content);
            byte[] last = DriverShare.content(Math.min(size, 100), 2);
            write(channel, size - last.length, last);
            System.arraycopy(last, 0, content, size - last.length, last.length);
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void buffersThatNobodyHoldsAnyMoreGiveTheirPartOfTheWindowBack() throws IOException {
        byte[] content = share.make(name, 24 * SLOT);
        try (FileChannel channel = FileChannel.open(path(name))) {
            for (int at = 0; at < content.length; at += SLOT) {
                assertThat(channel.map(MapMode.READ_ONLY, at, SLOT).get(77)).isEqualTo(content[at + 77]);
            }
        }
    }

    @Test
    void mappingBehindTheEndMakesTheFileLonger() throws IOException {
        byte[] content = share.make(name, 10);
        try (FileChannel channel = openForBoth(name)) {
            for (int size : new int[] {PAGE, PAGE + 1, SLOT + 1}) {
                byte[] end = {(byte) size};
                write(channel, size - 1, end);
                content = Arrays.copyOf(content, size);
                content[size - 1] = end[0];
                assertThat(channel.size()).isEqualTo(size);
                assertThat(mapped(channel, size)).isEqualTo(content);
            }
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void aFileGrowsByAppendingAndIsMappedMeanwhile() throws IOException {
        byte[] content = share.make(name, PAGE - 1);
        try (FileChannel log = FileChannel.open(path(name), StandardOpenOption.APPEND);
                FileChannel reader = FileChannel.open(path(name))) {
            for (int step : new int[] {1, 1, SLOT}) {
                assertThat(mapped(reader, content.length)).isEqualTo(content);
                byte[] more = DriverShare.content(step, step);
                log.write(ByteBuffer.wrap(more));
                int before = content.length;
                content = Arrays.copyOf(content, before + step);
                System.arraycopy(more, 0, content, before, step);
            }
            assertThat(mapped(reader, content.length)).isEqualTo(content);
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void aFileThatIsTruncatedKeepsNothingOfItsEnd() throws IOException {
        byte[] content = share.make(name, SLOT + 100);
        try (FileChannel channel = openForBoth(name)) {
            assertThat(mapped(channel, content.length)).isEqualTo(content);
            channel.truncate(PAGE + 1);
            assertThat(onHost(name)).isEqualTo(Arrays.copyOf(content, PAGE + 1));
            write(channel, SLOT, new byte[] {1});
            byte[] now = Arrays.copyOf(Arrays.copyOf(content, PAGE + 1), SLOT + 1);
            now[SLOT] = 1;
            assertThat(mapped(channel, SLOT + 1)).isEqualTo(now);
            channel.force(true);
            assertThat(onHost(name)).isEqualTo(now);
        }
    }

    @Test
    void aSparseFileIsMapped() throws IOException {
        byte[] content = new byte[2 * SLOT + 5];
        try (RandomAccessFile host = new RandomAccessFile(share.host("sparse").toFile(), "rw")) {
            host.setLength(content.length);
            host.seek(SLOT + 1);
            host.write(7);
        }
        content[SLOT + 1] = 7;
        assertThat(mapped(path("sparse"))).isEqualTo(content);
        try (FileChannel channel = openForBoth("sparse")) {
            write(channel, 2 * SLOT, new byte[] {8});
        }
        content[2 * SLOT] = 8;
        assertThat(onHost("sparse")).isEqualTo(content);
    }

    @Test
    void bothNamesOfAFileAreOneFile() throws IOException {
        byte[] content = share.make("one", PAGE + 5);
        Files.createLink(path("two"), path("one"));
        assertThat(Files.isSameFile(path("one"), path("two"))).isTrue();
        try (FileChannel channel = openForBoth("two")) {
            write(channel, PAGE, new byte[] {1, 2, 3});
        }
        System.arraycopy(new byte[] {1, 2, 3}, 0, content, PAGE, 3);
        assertThat(mapped(path("one"))).isEqualTo(content);
        assertThat(onHost("one")).isEqualTo(content);
    }

    @Test
    void aFileThatIsDeletedWhileItIsMappedLivesOn() throws IOException {
        byte[] content = share.make(name, SLOT + 5);
        try (FileChannel channel = openForBoth(name);
                RandomAccessFile host = new RandomAccessFile(share.host(name).toFile(), "r")) {
            MappedByteBuffer buffer = channel.map(MapMode.READ_ONLY, 0, content.length);
            Files.delete(path(name));
            assertThat(share.host(name)).doesNotExist();
            byte[] read = new byte[content.length];
            buffer.get(read);
            assertThat(read).isEqualTo(content);
            write(channel, SLOT, new byte[] {1, 2, 3});
            System.arraycopy(new byte[] {1, 2, 3}, 0, content, SLOT, 3);
            channel.force(true);
            host.readFully(read);
            assertThat(read).isEqualTo(content);
        }
    }

    @Test
    void aChannelForReadingMapsForReadingOnly() throws IOException {
        byte[] content = share.make(name, 100);
        try (FileChannel channel = FileChannel.open(path(name))) {
            MappedByteBuffer buffer = channel.map(MapMode.READ_ONLY, 0, 100);
            assertThat(buffer.isReadOnly()).isTrue();
            assertThatExceptionOfType(NonWritableChannelException.class)
                    .isThrownBy(() -> channel.map(MapMode.READ_WRITE, 0, 100));
            assertThatExceptionOfType(NonWritableChannelException.class)
                    .isThrownBy(() -> channel.map(MapMode.PRIVATE, 0, 100));
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void aPrivateMappingDoesNotReachTheFile() throws IOException {
        byte[] content = share.make(name, 100);
        try (FileChannel channel = FileChannel.open(path(name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.map(MapMode.PRIVATE, 0, 100).put(0, (byte) (content[0] + 1));
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void whatIsStoredIsInTheHostsFileAfterTheFileSystemIsClosed() throws Exception {
        assumeTrue(subject.hasWindow(), "there is no window");
        MappedByteBuffer buffer;
        byte[] content = share.make(name, PAGE + 1);
        try (FileSystem another = share.mount()) {
            try (FileChannel channel =
                    FileChannel.open(another.getPath("/" + name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                buffer = channel.map(MapMode.READ_WRITE, 0, content.length);
            }
            // the mapping outlives the channel, and nothing but the end of the session is left to tell the device
            buffer.put(PAGE, (byte) 9);
            content[PAGE] = 9;
        }
        assertThat(onHost(name)).isEqualTo(content);
    }

    @Test
    void aReadOnlyShareIsMappedAndNotWritten() throws Exception {
        try (DriverShare readOnly = DriverShare.serve(subject, "--readonly");
                FileSystem mounted = readOnly.mount()) {
            byte[] content = readOnly.make(name, SLOT + 4097);
            Path file = mounted.getPath("/" + name);
            assertThat(mapped(file)).isEqualTo(content);
            assertThatExceptionOfType(FileSystemException.class)
                    .isThrownBy(() -> FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
            assertThat(Files.readAllBytes(readOnly.host(name))).isEqualTo(content);
        }
    }
}

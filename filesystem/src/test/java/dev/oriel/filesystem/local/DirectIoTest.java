package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are open with O_DIRECT on the host, and data that no disk takes in one piece. */
class DirectIoTest {
    private static final int DIRECT = OpenFlags.O_RDWR | OpenFlags.O_DIRECT;

    @TempDir
    Path directory;

    private Client client;
    private long node;
    private long fh;

    @BeforeEach
    void open() {
        client = Client.of(LocalOptions.of(directory).allowDirectIo(true));
        assumeTrue(client.create(ROOT, "file", DIRECT, 0644) == 0, "no O_DIRECT on the file system of this test");
        node = client.entry.nodeid;
        fh = client.opened.fh;
        client.change.valid = FuseFlags.FATTR_SIZE;
        client.change.size = 5000;
        assertThat(client.setattr(node)).isZero();
    }

    @AfterEach
    void close() {
        client.close();
    }

    private String onHost() throws Exception {
        return Files.readString(directory.resolve("file"));
    }

    private static long descriptors(String name) throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).endsWith(name);
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void whatTheClientHadInItsPageCacheIsWrittenWhateverItsLength() throws Exception {
        assertThat(client.write(node, fh, 3, 0, FuseFlags.WRITE_CACHE, "abcde")).isEqualTo(5);
        assertThat(client.session.fsync(client.caller(), node, fh, false)).isZero();
        assertThat(onHost().substring(3, 8)).isEqualTo("abcde");
        assertThat(Files.size(directory.resolve("file"))).isEqualTo(5000);
    }

    @Test
    void aWriteOfAnyLengthAndPlaceIsDone() throws Exception {
        assertThat(client.write(node, fh, 4095, "over a page")).isEqualTo(11);
        assertThat(client.read(node, fh, 4095, 11)).isEqualTo("over a page");
        assertThat(onHost().substring(4095, 4106)).isEqualTo("over a page");
    }

    @Test
    void aFileThatCannotBeOpenedAgainIsWrittenAllTheSame() throws Exception {
        Files.setPosixFilePermissions(directory.resolve("file"), Set.of());
        assertThat(client.write(node, fh, 1, 0, FuseFlags.WRITE_CACHE, "x")).isEqualTo(1);
        assertThat(client.write(node, fh, 2, "y")).isEqualTo(1);
        assertThat(client.read(node, fh, 1, 2)).isEqualTo("xy");
    }

    @Test
    void whatIsAppendedGoesToTheEnd() throws Exception {
        assertThat(client.create(ROOT, "log", DIRECT | OpenFlags.O_APPEND, 0644))
                .isZero();
        long log = client.entry.nodeid;
        long logHandle = client.opened.fh;
        assertThat(client.write(log, logHandle, 0, OpenFlags.O_APPEND, 0, "one"))
                .isEqualTo(3);
        assertThat(client.write(log, logHandle, 0, OpenFlags.O_APPEND, 0, "two"))
                .isEqualTo(3);
        assertThat(client.write(log, logHandle, 0, OpenFlags.O_APPEND, FuseFlags.WRITE_CACHE, "ONE"))
                .isEqualTo(3);
        assertThat(Files.readString(directory.resolve("log"))).isEqualTo("ONEtwo");
    }

    @Test
    void theSecondDescriptorGoesWithTheFirst() throws Exception {
        long before = descriptors("file");
        assertThat(client.write(node, fh, 3, "abc")).isEqualTo(3);
        assertThat(client.write(node, fh, 9, "def")).isEqualTo(3);
        assertThat(descriptors("file")).isEqualTo(before + 1);
        assertThat(client.release(node, fh)).isZero();
        assertThat(descriptors("file")).isEqualTo(before - 1);
    }
}

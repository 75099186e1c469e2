package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On overlayfs the host uses the number of a file again before the client has forgotten the file: they are two all the
 * same.
 */
class ReusedNumbersTest {
    private static final int TIMES = 400;

    private final Mounts mounts = new Mounts();

    @TempDir
    Path directory;

    private Path shared = Path.of("");

    @BeforeEach
    void mount() throws IOException {
        shared = mounts.overlay(directory.resolve("shared"));
    }

    @AfterEach
    void unmount() {
        mounts.close();
    }

    private static void isNew(Client client, long old, int type) {
        long node = client.entry.nodeid;
        assertThat(node).isNotEqualTo(old);
        assertThat(client.getattr(node)).isZero();
        assertThat(client.attr.mode & FileMode.S_IFMT).isEqualTo(type);
    }

    @Test
    void aDirectoryUnderTheNameOfARemovedFileIsAnother() {
        try (Client client = Client.of(shared)) {
            for (int i = 0; i < TIMES; i++) {
                assertThat(client.create(ROOT, "name", OpenFlags.O_RDWR, 0600)).isZero();
                long file = client.entry.nodeid;
                assertThat(client.release(file, client.opened.fh)).isZero();
                assertThat(client.unlink(ROOT, "name")).isZero();
                assertThat(client.mkdir(ROOT, "name", 0700)).isZero();
                isNew(client, file, FileMode.S_IFDIR);
                assertThat(client.rmdir(ROOT, "name")).isZero();
            }
        }
    }

    @Test
    void aFileUnderTheNameOfARemovedOneIsAnother() {
        try (Client client = Client.of(shared)) {
            for (int i = 0; i < TIMES; i++) {
                assertThat(client.create(ROOT, "name", OpenFlags.O_RDWR, 0600)).isZero();
                long first = client.entry.nodeid;
                client.write(first, client.opened.fh, 0, "first");
                assertThat(client.release(first, client.opened.fh)).isZero();
                assertThat(client.unlink(ROOT, "name")).isZero();
                assertThat(client.create(ROOT, "name", OpenFlags.O_RDWR, 0600)).isZero();
                isNew(client, first, FileMode.S_IFREG);
                assertThat(client.getattr(first))
                        .as("the first is gone, and not the second")
                        .isNegative();
                assertThat(client.release(client.entry.nodeid, client.opened.fh))
                        .isZero();
                assertThat(client.mknod(ROOT, "next", FileMode.S_IFREG | 0600, 0))
                        .isZero();
                assertThat(client.rename(ROOT, "next", ROOT, "name", 0)).isZero();
                assertThat(client.unlink(ROOT, "name")).isZero();
            }
        }
    }

    @Test
    void whatTheHostMakesAfterTheClientsRemovalIsAnother() throws IOException {
        try (Client client = Client.of(shared)) {
            for (int i = 0; i < TIMES; i++) {
                assertThat(client.mknod(ROOT, "name", FileMode.S_IFREG | 0600, 0))
                        .isZero();
                long first = client.entry.nodeid;
                assertThat(client.unlink(ROOT, "name")).isZero();
                Files.writeString(shared.resolve("name"), "the host's");
                assertThat(client.lookup(ROOT, "name")).isZero();
                isNew(client, first, FileMode.S_IFREG);
                // and what the host replaces by something of another type
                long second = client.entry.nodeid;
                Files.delete(shared.resolve("name"));
                Files.createDirectory(shared.resolve("name"));
                assertThat(client.lookup(ROOT, "name")).isZero();
                isNew(client, second, FileMode.S_IFDIR);
                Files.delete(shared.resolve("name"));
            }
        }
    }

    @Test
    void whatTheClientHasOpenLivesOnBesideItsSuccessor() {
        try (Client client = Client.of(shared)) {
            assertThat(client.create(ROOT, "name", OpenFlags.O_RDWR, 0600)).isZero();
            long first = client.entry.nodeid;
            long fh = client.opened.fh;
            client.write(first, fh, 0, "first");
            assertThat(client.unlink(ROOT, "name")).isZero();
            assertThat(client.create(ROOT, "name", OpenFlags.O_RDWR, 0600)).isZero();
            assertThat(client.entry.nodeid).isNotEqualTo(first);
            assertThat(client.read(first, fh, 0, 10)).isEqualTo("first");
            assertThat(client.getattr(first)).isZero();
            assertThat(client.attr.nlink).isZero();
            assertThat(client.release(first, fh)).isZero();
            client.session.forget(first, 1);
            client.session.forget(client.entry.nodeid, 1);
            assertThat(((LocalSession) client.session).nodeCount()).isZero();
        }
    }

    @Test
    void aNameThatIsNotTheLastEndsNothing() {
        try (Client client = Client.of(shared)) {
            assertThat(client.mknod(ROOT, "name", FileMode.S_IFREG | 0600, 0)).isZero();
            long node = client.entry.nodeid;
            assertThat(client.link(node, ROOT, "other")).isZero();
            assertThat(client.entry.nodeid).isEqualTo(node);
            assertThat(client.unlink(ROOT, "name")).isZero();
            assertThat(client.lookup(ROOT, "other")).isZero();
            assertThat(client.entry.nodeid).isEqualTo(node);
            assertThat(client.getattr(node, FileSystemSession.NO_HANDLE)).isZero();
        }
    }
}

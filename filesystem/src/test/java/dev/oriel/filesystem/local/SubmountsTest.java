package dev.oriel.filesystem.local;

import static dev.oriel.filesystem.FileSystemSession.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts inside the shared directory, that itself is one: each of their roots has the number 1 on the host. */
class SubmountsTest {
    private final Mounts mounts = new Mounts();

    @TempDir
    Path directory;

    private Path shared = Path.of("");

    @BeforeEach
    void mount() throws IOException {
        shared = mounts.tmpfs(directory.resolve("shared"));
        for (String name : new String[] {"one", "two"}) {
            Files.writeString(mounts.tmpfs(shared.resolve(name)).resolve("file"), name);
        }
    }

    @AfterEach
    void unmount() {
        mounts.close();
    }

    private static long number(Client client, long node) {
        assertThat(client.getattr(node, FileSystemSession.NO_HANDLE)).isZero();
        return client.attr.ino;
    }

    @Test
    void theRootOfAnAnnouncedSubmountHasANumberOfItsOwn() {
        try (Client client = Client.of(shared)) {
            Set<Long> numbers = new HashSet<>();
            numbers.add(number(client, ROOT));
            for (String name : new String[] {"one", "two"}) {
                long node = client.walk(name);
                assertThat(client.entry.attributes.flags & FuseFlags.ATTR_SUBMOUNT)
                        .isEqualTo(FuseFlags.ATTR_SUBMOUNT);
                assertThat(numbers.add(client.entry.attributes.ino)).as(name).isTrue();
                assertThat(number(client, node)).isEqualTo(client.entry.attributes.ino);
                long file = client.walk(name + "/file");
                assertThat(number(client, file)).as("as on the host").isPositive();
            }
            Listing all = new Listing(100);
            assertThat(client.session.opendir(client.caller(), ROOT, 0, client.opened))
                    .isZero();
            assertThat(client.session.readdir(client.caller(), ROOT, client.opened.fh, 0, true, all))
                    .isZero();
            for (long node : all.nodes) {
                if (node != 0) {
                    assertThat(numbers).contains(number(client, node));
                }
            }
        }
    }

    @Test
    void aSubmountThatTheClientHasForgottenCanBeUnmounted() throws IOException {
        try (Client client = Client.of(shared)) {
            long one = client.walk("one");
            long file = client.walk("one/file"); // looks "one" up once more
            assertThat(client.open(file, OpenFlags.O_RDONLY)).isZero();
            assertThat(client.release(file, client.opened.fh)).isZero();
            client.session.forget(file, 1);
            assertThat(mounts.unmount(shared.resolve("one"))).as("in use").isNotEmpty();
            client.session.forget(one, 2);
            assertThat(mounts.unmount(shared.resolve("one"))).isEmpty();
            assertThat(client.read(client.walk("two/file"))).isEqualTo("two");
        }
    }

    @Test
    void mountsThatComeAndGoLeaveNothingBehind() throws IOException {
        try (Client client = Client.of(shared)) {
            client.session.forget(client.walk("two"), 1);
            long before = descriptors();
            for (int i = 0; i < 20; i++) {
                long one = client.walk("one");
                long file = client.walk("one/file");
                assertThat(client.read(file)).isEqualTo("one");
                client.session.forget(file, 1);
                client.session.forget(one, 2);
                assertThat(mounts.unmount(shared.resolve("one"))).isEmpty();
                assertThat(client.lookup(ROOT, "one")).isZero();
                assertThat(client.entry.attributes.flags & FuseFlags.ATTR_SUBMOUNT)
                        .as("the directory below")
                        .isZero();
                client.session.forget(client.entry.nodeid, 1);
                Files.writeString(mounts.tmpfs(shared.resolve("one")).resolve("file"), "one");
            }
            assertThat(descriptors()).isEqualTo(before);
            assertThat(((LocalSession) client.session).nodeCount()).isZero();
        }
    }

    /** How many descriptors of this process lead into the share. */
    private long descriptors() throws IOException {
        String place = shared.toRealPath().toString();
        long found = 0;
        try (var open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : open) {
                try {
                    found += Files.readSymbolicLink(descriptor).toString().startsWith(place) ? 1 : 0;
                } catch (NoSuchFileException closedMeanwhile) {
                    // the JVM's own
                }
            }
        }
        return found;
    }
}

package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.oriel.filesystem.CachePolicy;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.local.Caller;
import dev.oriel.filesystem.local.Client;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for the files of every provider, tried in memory and on a directory of the host. */
class PathFileSystemTest {
    private static final long ROOT = FileSystemSession.ROOT;

    private final FileSystem files = Jimfs.newFileSystem(Configuration.unix().toBuilder()
            .setAttributeViews("basic", "owner", "posix", "unix", "user")
            .build());
    private final Path root = files.getPath("/share");

    @TempDir
    Path folder;

    @BeforeEach
    void share() throws IOException {
        Files.createDirectory(root);
    }

    @AfterEach
    void close() throws IOException {
        files.close();
    }

    private Client client() throws IOException {
        return Client.of(PathFileSystem.of(root));
    }

    private static long nodes(Client client) {
        return ((PathSession) client.session).nodeCount();
    }

    @Test
    void whatIsNoDirectoryIsNotServed() throws IOException {
        Path file = Files.createFile(root.resolve("file"));
        assertThatThrownBy(() -> PathFileSystem.of(file))
                .isInstanceOf(NotDirectoryException.class)
                .hasMessageContaining("/share/file");
    }

    /** Two guests of one host directory: one puts a link where the other knows a directory. */
    @Test
    void noLinkLeadsOutOfWhatIsShared() throws IOException {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        Path shared = Files.createDirectory(folder.resolve("shared"));
        try (Client client = Client.of(PathFileSystem.of(shared));
                Client other = client.neighbour()) {
            assertThat(client.mkdir(ROOT, "directory", 0755)).isZero();
            long directory = client.entry.nodeid;
            assertThat(client.create(directory, "secret", OpenFlags.O_RDWR, 0644))
                    .isZero();
            long known = client.entry.nodeid;
            assertThat(client.release(known, client.opened.fh)).isZero();
            long _ = other.walk("directory");
            assertThat(other.rename(ROOT, "directory", ROOT, "away", 0)).isZero();
            assertThat(other.symlink(ROOT, "directory", outside.toString())).isZero();
            long link = other.entry.nodeid;

            assertThat(client.lookup(directory, "secret")).isEqualTo(-Errno.ENOTDIR);
            assertThat(client.getattr(known)).isEqualTo(-Errno.ENOTDIR);
            assertThat(client.open(known, OpenFlags.O_RDONLY)).isEqualTo(-Errno.ENOTDIR);
            assertThat(client.create(directory, "new", OpenFlags.O_RDWR, 0644)).isEqualTo(-Errno.ENOTDIR);
            assertThat(client.unlink(directory, "secret")).isEqualTo(-Errno.ENOTDIR);
            assertThat(other.lookup(link, "secret")).isEqualTo(-Errno.ENOTDIR);
            assertThat(other.create(link, "new", OpenFlags.O_RDWR, 0644)).isEqualTo(-Errno.ENOTDIR);
            assertThat(other.open(link, OpenFlags.O_RDWR)).isEqualTo(-Errno.ELOOP);
        }
        assertThat(outside).isDirectoryContaining("glob:**/secret").isDirectoryNotContaining("glob:**/new");
    }

    @Test
    void namesThatCannotBeAreRefused() throws IOException {
        try (Client client = client()) {
            Name name = new Name(Arena.ofAuto().allocate(300));
            for (byte[] bytes : new byte[][] {{'a', (byte) 0xff}, {(byte) 0xc0, (byte) 0x80}}) {
                assertThat(name.set(MemorySegment.ofArray(bytes), 0, bytes.length))
                        .isTrue();
                assertThat(client.session.lookup(client.caller(), ROOT, name, client.entry))
                        .isEqualTo(-Errno.EILSEQ);
                assertThat(client.session.mkdir(client.caller(), ROOT, name, 0755, 0, client.entry))
                        .isEqualTo(-Errno.EILSEQ);
            }
            for (String text : new String[] {".", "..", "a/b", "/etc"}) {
                assertThat(client.lookup(ROOT, text)).as(text).isEqualTo(-Errno.EINVAL);
                assertThat(client.mkdir(ROOT, text, 0755)).as(text).isEqualTo(-Errno.EINVAL);
            }
        }
    }

    @Test
    void aNodeStaysTheSameWhileItIsKnownAndIsForgottenThen() throws IOException {
        Files.createDirectories(root.resolve("a/b"));
        Files.writeString(root.resolve("a/b/file"), "text");
        try (Client client = client()) {
            long file = client.walk("a/b/file");
            long ino = client.entry.attributes.ino;
            long directory = client.walk("a");
            assertThat(client.rename(ROOT, "a", ROOT, "c", 0)).isZero();
            assertThat(client.read(file)).isEqualTo("text");
            assertThat(client.walk("c/b/file")).isEqualTo(file);
            assertThat(client.entry.attributes.ino).isEqualTo(ino);
            assertThat(client.walk("c")).isEqualTo(directory);
            long between = client.walk("c/b");
            assertThat(nodes(client)).isEqualTo(3);
            // what is above is forgotten first, as a client may
            client.session.forget(directory, 100);
            client.session.forget(between, 100);
            assertThat(client.read(file)).isEqualTo("text");
            assertThat(client.rename(ROOT, "c", ROOT, "d", 0)).isZero();
            assertThat(client.read(file)).isEqualTo("text");
            client.session.forget(file, 100);
            assertThat(nodes(client)).isZero();
            assertThat(client.getattr(file)).isEqualTo(-Errno.ENOENT);
        }
    }

    @Test
    void whatTheHostReplacesIsAnotherNode() throws IOException {
        Files.writeString(root.resolve("file"), "one");
        try (Client client = client()) {
            long before = client.walk("file");
            Files.delete(root.resolve("file"));
            Files.writeString(root.resolve("file"), "two");
            assertThat(client.walk("file")).isNotEqualTo(before);
            assertThat(client.getattr(before)).isEqualTo(-Errno.ENOENT);
            Files.move(root.resolve("file"), root.resolve("moved"));
            long moved = client.walk("moved");
            assertThat(client.read(moved)).isEqualTo("two");
        }
    }

    @Test
    void nodesAndOpenFilesAreBounded() throws IOException {
        for (int i = 0; i < 2000; i++) {
            Files.createFile(root.resolve("file" + i));
        }
        PathOptions options = PathOptions.of(root).withBounds(1, 200_000, 32);
        try (Client client = Client.of(PathFileSystem.of(root, options))) {
            int result = 0;
            int known = 0;
            while (result == 0 && known < 2000) {
                result = client.lookup(ROOT, "file" + known++);
            }
            assertThat(result).isEqualTo(-Errno.ENFILE);
            long node = client.entry.nodeid;
            for (int i = 0; i < 32; i++) {
                assertThat(client.open(node == 0 ? client.walk("file0") : node, 0))
                        .isZero();
            }
            assertThat(client.open(client.walk("file0"), 0)).isEqualTo(-Errno.ENFILE);
        }
    }

    @Test
    void aThreadThatMayNotWaitAsksAgain() throws IOException {
        Files.createFile(root.resolve("file"));
        try (Client client = client()) {
            long node = client.walk("file");
            Client queue = client.as(Caller.root().onQueueThread());
            assertThat(queue.lookup(ROOT, "file")).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(queue.getattr(node)).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(queue.open(node, 0)).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(queue.write(node, 1, 0, "x")).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(queue.unlink(ROOT, "file")).isEqualTo(FileSystemSession.WOULD_BLOCK);
            assertThat(queue.release(node, 1)).isEqualTo(FileSystemSession.WOULD_BLOCK);
        }
    }

    @Test
    void aReadOnlyShareIsNotChanged() throws IOException {
        Files.createFile(root.resolve("file"));
        PathOptions options = PathOptions.of(root).withReadOnly(true).withCache(CachePolicy.NEVER);
        try (Client client = Client.of(PathFileSystem.of(root, options))) {
            long node = client.walk("file");
            assertThat(client.entry.validNanos).isZero();
            assertThat(client.open(node, OpenFlags.O_RDWR)).isEqualTo(-Errno.EROFS);
            assertThat(client.open(node, OpenFlags.O_RDONLY | OpenFlags.O_TRUNC))
                    .isEqualTo(-Errno.EROFS);
            assertThat(client.mkdir(ROOT, "new", 0755)).isEqualTo(-Errno.EROFS);
            assertThat(client.create(ROOT, "new", OpenFlags.O_RDWR, 0644)).isEqualTo(-Errno.EROFS);
            assertThat(client.unlink(ROOT, "file")).isEqualTo(-Errno.EROFS);
            assertThat(client.rename(ROOT, "file", ROOT, "new", 0)).isEqualTo(-Errno.EROFS);
            assertThat(client.setattr(node)).isEqualTo(-Errno.EROFS);
            assertThat(client.open(node, OpenFlags.O_RDONLY)).isZero();
        }
        assertThat(root).isDirectoryContaining("glob:**/file").isDirectoryNotContaining("glob:**/new");
    }

    @Test
    void largeFilesAreForTheWindow() throws IOException {
        Files.write(root.resolve("small"), new byte[1000]);
        Files.write(root.resolve("large"), new byte[2000]);
        PathOptions options = PathOptions.of(root).withDaxMinSize(2000);
        try (Client client = Client.of(PathFileSystem.of(root, options))) {
            assertThat(client.lookup(ROOT, "small")).isZero();
            assertThat(client.entry.attributes.flags).isZero();
            assertThat(client.lookup(ROOT, "large")).isZero();
            assertThat(client.entry.attributes.flags).isEqualTo(FuseFlags.ATTR_DAX);
        }
    }

    @Test
    void madeUpNodesAndHandlesAreErrors() throws IOException {
        try (Client client = client()) {
            for (long node : new long[] {0, 2, -1, Long.MAX_VALUE, 1L << 32 | 1}) {
                assertThat(client.getattr(node)).isEqualTo(-Errno.ENOENT);
                assertThat(client.lookup(node, "x")).isEqualTo(-Errno.ENOENT);
                assertThat(client.open(node, 0)).isEqualTo(-Errno.ENOENT);
                assertThat(client.write(node, 77, 0, "x")).isEqualTo(-Errno.EBADF);
                assertThat(client.release(node, 77)).isEqualTo(-Errno.EBADF);
                client.session.forget(node, 5);
            }
            assertThat(client.create(ROOT, "file", OpenFlags.O_RDWR, 0644)).isZero();
            long fh = client.opened.fh;
            long node = client.entry.nodeid;
            assertThat(client.write(ROOT, fh, 0, "x")).isEqualTo(-Errno.EBADF);
            assertThat(client.write(node, fh, -1, "x")).isEqualTo(-Errno.EINVAL);
            assertThat(client.write(node, fh, Long.MAX_VALUE, "x")).isEqualTo(-Errno.EINVAL);
            assertThat(client.session.fallocate(client.caller(), node, fh, 1, Long.MAX_VALUE, 0))
                    .isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void twoClientsSeeWhatEitherHasStaged() throws IOException {
        Files.writeString(root.resolve("file"), "0123456789");
        PathOptions options = PathOptions.of(root).withWholeFiles(true);
        try (Client one = Client.of(PathFileSystem.of(root, options));
                Client two = one.neighbour()) {
            long first = one.walk("file");
            long second = two.walk("file");
            assertThat(one.open(first, OpenFlags.O_RDWR)).isZero();
            assertThat(two.open(second, OpenFlags.O_RDWR)).isZero();
            assertThat(one.write(first, one.opened.fh, 0, "one")).isEqualTo(3);
            assertThat(two.write(second, two.opened.fh, 12, "two")).isEqualTo(3);
            assertThat(two.read(second, two.opened.fh, 0, 100)).isEqualTo("one3456789\0\0two");
            assertThat(one.getattr(first)).isZero();
            assertThat(one.attr.size).isEqualTo(15);
            assertThat(one.rename(ROOT, "file", ROOT, "moved", 0)).isZero();
            assertThat(one.release(first, one.opened.fh)).isZero();
            assertThat(two.release(second, two.opened.fh)).isZero();
        }
        assertThat(Files.readString(root.resolve("moved"))).isEqualTo("one3456789\0\0two");
        assertThat(Files.exists(root.resolve("file"))).isFalse();
    }

    /** A file is never gone while a directory above it is renamed. */
    @Test
    void aFileIsFoundWhileItsDirectoryIsRenamed() throws Exception {
        Files.createDirectories(root.resolve("a/b"));
        Files.writeString(root.resolve("a/b/file"), "text");
        try (Client client = client()) {
            long node = client.walk("a/b/file");
            AtomicBoolean over = new AtomicBoolean();
            Thread renames = Thread.ofPlatform().start(() -> {
                Name from = new Name(Arena.ofAuto().allocate(10));
                Name to = new Name(Arena.ofAuto().allocate(10));
                for (int i = 0; i < 2000; i++) {
                    Client.name(from, i % 2 == 0 ? "a" : "c");
                    Client.name(to, i % 2 == 0 ? "c" : "a");
                    assertThat(client.session.rename(Caller.root(), ROOT, from, ROOT, to, 0))
                            .isZero();
                }
                over.set(true);
            });
            int found = 0;
            while (!over.get() && renames.isAlive()) {
                assertThat(client.getattr(node)).isZero();
                found++;
            }
            renames.join();
            assertThat(over).isTrue();
            assertThat(found).isPositive();
        }
    }
}

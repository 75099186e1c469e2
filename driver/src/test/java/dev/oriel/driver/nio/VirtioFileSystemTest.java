package dev.oriel.driver.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.driver.FuseClientOptions;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.PeerDaemon;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The file system over the Rust virtiofsd: what is done through java.nio.file is compared with the folder of the host.
 */
class VirtioFileSystemTest {
    @TempDir
    private Path temporary;

    private Path host;
    private Path socket;
    private PeerDaemon daemon;
    private FileSystem share;

    @BeforeEach
    void open() throws Exception {
        host = Files.createDirectory(temporary.resolve("shared"));
        socket = temporary.resolve("socket");
        daemon = PeerDaemon.start(GuestKit.locate(), host, socket, "peer", "--xattr");
        share = FileSystems.newFileSystem(URI.create("virtiofs://" + socket + "!/"), Map.of());
    }

    @AfterEach
    void close() throws IOException {
        share.close();
        daemon.close();
    }

    private Path path(String text) {
        return share.getPath(text);
    }

    @Test
    void uriAndPathLeadToEachOther() {
        Path path = path("/dir/with space/file");
        assertThat(Path.of(path.toUri())).isEqualTo(path);
        assertThat(path.toUri().toString()).isEqualTo("virtiofs://" + socket + "!/dir/with%20space/file");
        assertThatExceptionOfType(FileSystemAlreadyExistsException.class)
                .isThrownBy(() -> FileSystems.newFileSystem(path.toUri(), Map.of()));
    }

    @Test
    void pathsAreResolvedRelativizedAndNormalizedAsOnLinux() {
        Path linux = Path.of("/a/b/../c/./d");
        Path ours = path("/a/b/../c/./d");
        assertThat(ours.normalize()).hasToString(linux.normalize().toString());
        assertThat(ours.getParent()).hasToString(String.valueOf(linux.getParent()));
        assertThat(ours.resolve("x/y")).hasToString(linux.resolve("x/y").toString());
        assertThat(ours.resolveSibling("e"))
                .hasToString(linux.resolveSibling("e").toString());
        assertThat(path("/a/b").relativize(path("/a/c/d"))).hasToString("../c/d");
        assertThat(path("a/b").toAbsolutePath()).hasToString("/a/b");
        assertThat(path("").getNameCount()).isEqualTo(Path.of("").getNameCount());
        assertThat(path("/").getNameCount()).isZero();
        assertThat(path("/").getFileName()).isNull();
        assertThat(path("/a/b").startsWith("/a")).isTrue();
        assertThat(path("/a/b").endsWith("b")).isTrue();
        assertThat(path("../a/..").normalize()).hasToString("..");
        assertThat(path("a").compareTo(path("b"))).isNegative();
        assertThat(path("/a//b/")).isEqualTo(path("/a/b")).hasSameHashCodeAs(path("/a/b"));
    }

    @Test
    void filesAreWrittenAndRead() throws IOException {
        byte[] content = new byte[3_000_000];
        new Random(1).nextBytes(content);
        Files.write(path("/data"), content);
        assertThat(Files.readAllBytes(host.resolve("data"))).isEqualTo(content);
        assertThat(Files.readAllBytes(path("data"))).isEqualTo(content);
        Files.writeString(path("/data"), "short");
        assertThat(host.resolve("data")).hasContent("short");
        Files.writeString(path("/data"), "er", StandardOpenOption.APPEND);
        assertThat(host.resolve("data")).hasContent("shorter");
        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> Files.writeString(path("/data"), "", StandardOpenOption.CREATE_NEW));
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> Files.readString(path("/no")));
        assertThatExceptionOfType(NotDirectoryException.class).isThrownBy(() -> Files.readString(path("/data/x")));
    }

    @Test
    void aChannelSeeksTruncatesMapsAndTransfers() throws IOException {
        try (FileChannel channel = FileChannel.open(
                path("/file"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap("0123456789".getBytes(StandardCharsets.UTF_8)));
            channel.write(ByteBuffer.wrap("ab".getBytes(StandardCharsets.UTF_8)), 4);
            channel.position(3);
            ByteBuffer read = ByteBuffer.allocateDirect(5);
            assertThat(channel.read(read)).isEqualTo(5);
            assertThat(StandardCharsets.UTF_8.decode(read.flip()).toString()).isEqualTo("3ab67");
            assertThat(channel.position()).isEqualTo(8);
            channel.truncate(6);
            assertThat(channel.position()).isEqualTo(6);
            assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            channel.force(true);
            assertThat(host.resolve("file")).hasContent("0123ab");

            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 2, 4);
            assertThat(StandardCharsets.UTF_8.decode(mapped).toString()).isEqualTo("23ab");
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> channel.map(FileChannel.MapMode.READ_WRITE, 0, 4))
                    .withMessageContaining("no DAX window");
            try (FileChannel copy =
                    FileChannel.open(temporary.resolve("copy"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                assertThat(channel.transferTo(0, 100, copy)).isEqualTo(6);
            }
            assertThat(temporary.resolve("copy")).hasContent("0123ab");
        }
    }

    @Test
    void aTreeIsWalkedCopiedMovedAndDeleted() throws IOException {
        Files.createDirectories(path("/tree/a/b/c"));
        Files.writeString(path("/tree/a/one.txt"), "1");
        Files.writeString(path("/tree/a/b/two.txt"), "2");
        Files.createSymbolicLink(path("/tree/link"), path("a/one.txt"));
        try (Stream<Path> walk = Files.walk(path("/tree"))) {
            assertThat(walk.map(Path::toString))
                    .containsExactlyInAnyOrder(
                            "/tree",
                            "/tree/a",
                            "/tree/a/b",
                            "/tree/a/b/c",
                            "/tree/a/one.txt",
                            "/tree/a/b/two.txt",
                            "/tree/link");
        }
        try (var texts = Files.newDirectoryStream(path("/tree/a"), "*.{txt,md}")) {
            assertThat(texts).containsExactly(path("/tree/a/one.txt"));
        }
        Files.copy(path("/tree/a/one.txt"), path("/copy"), StandardCopyOption.COPY_ATTRIBUTES);
        assertThat(host.resolve("copy")).hasContent("1");
        assertThat(Files.getLastModifiedTime(path("/copy")))
                .isEqualTo(Files.getLastModifiedTime(path("/tree/a/one.txt")));
        Files.copy(path("/copy"), temporary.resolve("outside"));
        assertThat(temporary.resolve("outside")).hasContent("1");
        Files.copy(temporary.resolve("outside"), path("/inside"));
        assertThat(host.resolve("inside")).hasContent("1");

        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> Files.move(path("/copy"), path("/inside")));
        Files.move(path("/copy"), path("/inside"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(path("/tree/a/b"), path("/tree/moved"));
        assertThat(host.resolve("tree/moved/two.txt")).hasContent("2");
        assertThat(Files.exists(path("/tree/a/b/two.txt"))).isFalse();
        assertThatExceptionOfType(DirectoryNotEmptyException.class).isThrownBy(() -> Files.delete(path("/tree")));
        Files.delete(path("/tree/link"));
        assertThat(host.resolve("tree/a/one.txt")).exists();
    }

    @Test
    void symbolicLinksAreFollowedInsideTheShare() throws IOException {
        Files.createDirectory(path("/dir"));
        Files.writeString(path("/dir/file"), "content");
        Files.createSymbolicLink(host.resolve("absolute"), Path.of("/dir"));
        Files.createSymbolicLink(host.resolve("dir/up"), Path.of("../../../dir/file"));
        Files.createSymbolicLink(host.resolve("loop"), Path.of("loop"));
        assertThat(Files.readString(path("/absolute/file"))).isEqualTo("content");
        assertThat(Files.readString(path("/dir/up"))).isEqualTo("content");
        assertThat(path("/absolute/up").toRealPath()).isEqualTo(path("/dir/file"));
        assertThat(Files.isSameFile(path("/absolute"), path("/dir"))).isTrue();
        assertThat(Files.readSymbolicLink(path("/dir/up"))).hasToString("../../../dir/file");
        assertThatExceptionOfType(FileSystemLoopException.class).isThrownBy(() -> Files.readString(path("/loop")));
        assertThat(Files.readAttributes(path("/loop"), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .isSymbolicLink())
                .isTrue();
        Files.createLink(path("/hard"), path("/dir/file"));
        assertThat(Files.getAttribute(path("/hard"), "unix:nlink")).isEqualTo(2);
    }

    @Test
    void attributesOfAllViewsAreReadAndSet() throws IOException {
        Path file = Files.writeString(path("/file"), "content");
        FileTime time = FileTime.from(Instant.parse("2019-07-22T10:51:00.5Z"));
        Files.setLastModifiedTime(file, time);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
        assertThat(attributes.size()).isEqualTo(7);
        assertThat(attributes.lastModifiedTime()).isEqualTo(time);
        assertThat(PosixFilePermissions.toString(attributes.permissions())).isEqualTo("rw-r-----");
        assertThat(Files.getAttribute(file, "unix:ino"))
                .isEqualTo(Files.getAttribute(host.resolve("file"), "unix:ino"));
        assertThat(Files.readAttributes(file, "unix:mode,uid,gid")).containsOnlyKeys("mode", "uid", "gid");
        assertThat(Files.getOwner(file).getName())
                .isEqualTo(String.valueOf(Files.getAttribute(host.resolve("file"), "unix:uid")));
        assertThat(Files.isReadable(file)).isTrue();
        assertThat(Files.isHidden(path("/.hidden"))).isTrue();

        UserDefinedFileAttributeView user = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        user.write("comment", ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertThat(user.list()).containsExactly("comment");
        assertThat((byte[]) Files.getAttribute(file, "user:comment")).containsExactly(1, 2, 3);
        user.delete("comment");
        assertThat(user.list()).isEmpty();
    }

    @Test
    void theStoreTellsOfItsSpace() throws IOException {
        FileStore store = Files.getFileStore(path("/"));
        FileStore below = Files.getFileStore(host);
        assertThat(store.type()).isEqualTo("virtiofs");
        assertThat(store.name()).isEqualTo("peer");
        assertThat(store.getTotalSpace()).isEqualTo(below.getTotalSpace());
        assertThat(store.supportsFileAttributeView("posix")).isTrue();
    }

    @Test
    void specialFilesAndDirectoriesAreNotOpened() throws IOException {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> Files.readString(path("/")));
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> Files.delete(path("/")));
        assertThatExceptionOfType(FileAlreadyExistsException.class).isThrownBy(() -> Files.createDirectory(path("/")));
    }

    @Test
    void changesOfTheHostAreWatched() throws Exception {
        Files.writeString(host.resolve("old"), "1");
        try (WatchService watch = share.newWatchService()) {
            path("/").register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
            Files.writeString(host.resolve("new"), "2");
            WatchKey key = watch.poll(20, TimeUnit.SECONDS);
            assertThat(key).isNotNull();
            assertThat(key.pollEvents()).anySatisfy(event -> {
                assertThat(event.kind()).isEqualTo(StandardWatchEventKinds.ENTRY_CREATE);
                assertThat(event.context()).isEqualTo(path("new"));
            });
            key.reset();
            Files.delete(host.resolve("old"));
            WatchKey again = watch.poll(20, TimeUnit.SECONDS);
            assertThat(again).isSameAs(key);
        }
    }

    @Test
    void namesThatAreNoTextAreListedAndUsed() throws IOException {
        List<String> odd = List.of("with\nnewline", "ünïcödé", "*?[x]");
        for (String name : odd) {
            Files.writeString(host.resolve(name), name);
        }
        try (Stream<Path> list = Files.list(path("/"))) {
            for (Path each : list.toList()) {
                assertThat(Files.readString(each)).isEqualTo(String.valueOf(each.getFileName()));
            }
        }
    }

    @Test
    void globsMatchAsThoseOfTheJdk() {
        String[] globs = {"*.txt", "**/a", "a?c", "[a-c]x", "[!a-c]x", "{a,b}*", "a\\*", "*", "a.b", "[*]"};
        String[] texts = {"x.txt", "d/x.txt", "d/a", "abc", "a/c", "bx", "dx", "bcd", "a*", "", "a.b", "aab", "*", "/x"
        };
        for (String glob : globs) {
            for (String text : texts) {
                assertThat(share.getPathMatcher("glob:" + glob).matches(path(text)))
                        .as(glob + " on " + text)
                        .isEqualTo(FileSystems.getDefault()
                                .getPathMatcher("glob:" + glob)
                                .matches(Path.of(text)));
            }
        }
    }

    @Test
    void aFileSystemOnASocketIsOpenedByItsPath() throws Exception {
        share.close();
        assertThat(share.isOpen()).isFalse();
        daemon.close();
        Path other = temporary.resolve("other");
        daemon = PeerDaemon.start(GuestKit.locate(), host, other, "peer", "--readonly");
        share = FileSystems.newFileSystem(
                other, Map.of(VirtioFileSystemProvider.OPTIONS, FuseClientOptions.DEFAULTS.withQueueSize(64)));
        assertThat(Files.isDirectory(path("/"))).isTrue();
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Files.writeString(path("/new"), "x"))
                .isNotInstanceOf(AccessDeniedException.class);
        assertThat(Arrays.asList(share.getRootDirectories().iterator().next())).containsExactly(path("/"));
    }
}

package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.device.VirtioFsDevice;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import dev.oriel.guesttests.ListedFileSystem.Node;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file system of docs/serving.md, in its very words, on a socket: a Linux guest and the driver read it. */
class OwnFileSystemTest {
    private static final Path SOURCE = Path.of("src/test/java/dev/oriel/guesttests/ListedFileSystem.java");
    private static final Path PAGE = Path.of("../docs/serving.md");
    private static final int MOST_LINES = 60;

    private static final byte[] LARGE = large();

    private static final List<Node> NODES = List.of(
            new Node(0, "", MemorySegment.NULL),
            new Node(1, "folder", MemorySegment.NULL),
            new Node(1, "greeting", MemorySegment.ofArray("hello\n".getBytes(UTF_8))),
            new Node(2, "large", MemorySegment.ofArray(LARGE)),
            new Node(2, "below", MemorySegment.NULL));

    @TempDir
    Path directory;

    private static byte[] large() {
        byte[] content = new byte[3_000_001];
        new Random(1).nextBytes(content);
        return content;
    }

    private static String sha256(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    /** Serves until it is closed. */
    private ConnectionServer serve() throws IOException {
        FileSystem files = offered -> new ListedFileSystem(NODES);
        ConnectionServer server = new ConnectionServer(
                UnixSocket.listen(directory.resolve("socket"), 4),
                (name, connection) -> new VhostUserBackend(
                        name,
                        connection,
                        new VirtioFsDevice(files, "share", 1, 1, null),
                        VhostUserBackend.Options.DEFAULT),
                4);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                server.run();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        return server;
    }

    @Test
    void thePageShowsTheSourceThatIsCompiledHere() throws IOException {
        String source = Files.readString(SOURCE);
        assertThat(source.lines().count()).isLessThanOrEqualTo(MOST_LINES);
        String shown = source.substring(source.indexOf("import "));
        assertThat(Files.readString(PAGE)).contains("```java\n" + shown + "```\n");
    }

    @Test
    @Tag("guest")
    void aLinuxGuestListsReadsAndSearchesIt() throws Exception {
        String script = """
            ls -1 /mnt/folder
            cat /mnt/greeting
            sha256sum /mnt/folder/large
            find /mnt
            echo x > /mnt/new || echo refused
            df /mnt | tail -n 1
            echo over
            """;
        try (ConnectionServer _ = serve();
                GuestRun run = Guest.of(SharedFolder.KIT, GuestKind.UML)
                        .share(Share.of(directory.resolve("socket"), "share"))
                        .script(script)
                        .start()) {
            run.await();
            assertThat(run.lines())
                    .containsSequence("below", "large", "hello", sha256(LARGE) + "  /mnt/folder/large")
                    .contains("/mnt", "/mnt/folder", "/mnt/folder/large", "/mnt/folder/below", "/mnt/greeting")
                    .contains("refused", "over");
        }
    }

    @Test
    void theDriverListsAndReadsIt() throws Exception {
        try (ConnectionServer _ = serve();
                java.nio.file.FileSystem share = FileSystems.newFileSystem(directory.resolve("socket"))) {
            try (Stream<Path> all = Files.walk(share.getPath("/"))) {
                assertThat(all.map(Path::toString))
                        .containsExactlyInAnyOrder("/", "/folder", "/folder/large", "/folder/below", "/greeting");
            }
            assertThat(Files.readString(share.getPath("/greeting"))).isEqualTo("hello\n");
            assertThat(Files.readAllBytes(share.getPath("/folder/large"))).isEqualTo(LARGE);
            assertThatThrownBy(() -> Files.writeString(share.getPath("/new"), "x"))
                    .isInstanceOfAny(IOException.class, ReadOnlyFileSystemException.class);
        }
    }
}

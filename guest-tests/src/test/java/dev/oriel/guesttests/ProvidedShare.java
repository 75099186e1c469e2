package dev.oriel.guesttests;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import dev.oriel.socket.ConnectionServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A file system of this process, in memory or in an archive, served to guests that mount it at {@code /mnt}. */
final class ProvidedShare implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(8);

    private final Path state;
    private final FileSystem files;
    private final Path root;
    private final ConnectionServer server;
    private final PeerDaemon tools;

    private ProvidedShare(Path state, Path root) throws IOException, InterruptedException {
        this.state = state;
        this.root = root;
        files = root.getFileSystem();
        Files.createDirectories(root.resolve("work"));
        server = PathServer.of(root, socket());
        Thread.ofPlatform().daemon().start(() -> {
            try {
                server.run();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        tools = PeerDaemon.start(
                SharedFolder.KIT,
                SharedFolder.KIT.tools(),
                state.resolve("tools.sock"),
                "tools",
                "--readonly",
                "--cache=always");
    }

    /** One with all that the provider can. */
    static ProvidedShare inMemory() throws IOException, InterruptedException {
        FileSystem files = Jimfs.newFileSystem(Configuration.unix().toBuilder()
                .setAttributeViews("basic", "owner", "posix", "unix", "user")
                .setMaxSize(512 << 20)
                .build());
        return new ProvidedShare(Folders.create("provided"), files.getPath("/share"));
    }

    /** A zip archive, which the JDK reads and writes in whole files; it is on the disk when the share is closed. */
    static ProvidedShare ofArchive(Path archive) throws IOException, InterruptedException {
        FileSystem files = FileSystems.newFileSystem(archive, Map.of("create", "true"));
        return new ProvidedShare(Folders.create("provided"), files.getPath("/"));
    }

    /** What is served. */
    Path root() {
        return root;
    }

    Path socket() {
        return state.resolve("socket");
    }

    /** Boots a guest, lets the script run to its end, and gives the console. */
    List<String> run(GuestKind kind, UnaryOperator<Share> change, String script)
            throws IOException, InterruptedException {
        try (GuestRun run = Guest.of(SharedFolder.KIT, kind)
                .share(change.apply(Share.of(socket(), "share")))
                .share(Share.of(state.resolve("tools.sock"), "tools").at("/tools"))
                .memory(768)
                .processors(2)
                .limit(LIMIT)
                .script(GuestProgram.install() + script)
                .start()) {
            run.await().orThrow();
            return run.lines();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        tools.close();
        files.close();
        Folders.delete(state);
    }
}

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** A file system in the memory of this process, served to guests that mount it at {@code /mnt}. */
final class ProvidedShare implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(8);

    private final Path state = Folders.create("provided");
    private final FileSystem files;
    private final ConnectionServer server;
    private final PeerDaemon tools;

    private ProvidedShare(FileSystem files) throws IOException, InterruptedException {
        this.files = files;
        server = PathServer.of(root(), socket());
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
        Files.createDirectories(files.getPath("/share/work"));
        return new ProvidedShare(files);
    }

    /** What is served. */
    Path root() {
        return files.getPath("/share");
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

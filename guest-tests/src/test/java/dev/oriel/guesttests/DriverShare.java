package dev.oriel.guesttests;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.OpenFile;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** A folder of the host, a server that shares it, and the one connection of a driver to it. */
final class DriverShare implements AutoCloseable {
    private static final String TAG = "share";

    private final DriverSubject subject;
    private final Path state;
    private final Path folder;
    private final Path socket;
    private final Runnable server;

    private DriverShare(DriverSubject subject, Path state, Path folder, Path socket, Runnable server) {
        this.subject = subject;
        this.state = state;
        this.folder = folder;
        this.socket = socket;
        this.server = server;
    }

    static DriverShare serve(DriverSubject subject, String... options) throws IOException, InterruptedException {
        Path state = Folders.create("driver");
        Path folder = Files.createDirectory(state.resolve("folder"));
        List<String> all = new ArrayList<>(subject.serverOptions());
        all.addAll(List.of(options));
        if (subject == DriverSubject.RUST) {
            Path socket = state.resolve("peer.sock");
            PeerDaemon daemon = PeerDaemon.start(SharedFolder.KIT, folder, socket, TAG, all.toArray(String[]::new));
            return new DriverShare(subject, state, folder, socket, daemon::close);
        }
        OrielServer server = OrielServer.start(folder, state, TAG, all);
        return new DriverShare(subject, state, folder, server.socket(), server::close);
    }

    /** The file as the host sees it. */
    Path host(String name) {
        return folder.resolve(name);
    }

    /** A client; the Rust virtiofsd serves one only. */
    FuseClient connect() throws IOException {
        return FuseClient.connect(socket, subject.clientOptions());
    }

    /** A file system; the Rust virtiofsd serves one only. */
    FileSystem mount() throws IOException {
        return FileSystems.newFileSystem(socket, Map.of("options", subject.clientOptions()));
    }

    /** Makes a file on the host. */
    byte[] make(String name, int size) throws IOException {
        byte[] content = content(size, name.hashCode());
        Files.write(host(name), content);
        return content;
    }

    static byte[] content(int size, long seed) {
        byte[] content = new byte[size];
        new Random(seed * 31 + size).nextBytes(content);
        return content;
    }

    static long node(FuseClient client, String name) throws IOException {
        return client.lookup(FuseClient.ROOT, name.getBytes(UTF_8)).nodeid();
    }

    /** Reads a range in the way of the subject: through the window, where it has one. */
    byte[] read(FuseClient client, long node, long offset, int length) throws IOException {
        byte[] read = new byte[length];
        if (subject.hasWindow()) {
            client.dax().orElseThrow().copyOut(node, offset, MemorySegment.ofArray(read));
            return read;
        }
        OpenFile file = client.files().open(node, OpenFlags.O_RDONLY);
        long count = client.files().read(file, offset, MemorySegment.ofArray(read));
        client.files().release(file);
        if (count != length) {
            throw new IOException("READ gave " + count + " of " + length + " bytes");
        }
        return read;
    }

    /**
     * Writes in the way of the subject: stores into the window, where it has one, through a mapping that stays for a
     * while.
     */
    void write(FuseClient client, OpenFile file, long offset, byte[] bytes) throws IOException {
        if (subject.hasWindow()) {
            client.dax().orElseThrow().copyIn(file.nodeid(), offset, MemorySegment.ofArray(bytes));
        } else {
            client.files().write(file, offset, MemorySegment.ofArray(bytes));
        }
    }

    /** What makes a store reach the host's file at the latest. */
    enum Reached {
        FSYNC,
        FLUSH,
        UNMAP;

        void doIt(FuseClient client, OpenFile file) throws IOException {
            switch (this) {
                case FSYNC -> client.files().fsync(file, false);
                case FLUSH -> client.files().flush(file, 0);
                case UNMAP -> {
                    Optional<DaxDevice> dax = client.dax();
                    if (dax.isPresent()) {
                        dax.get().release(file.nodeid());
                    }
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.run();
        Folders.delete(state);
    }
}

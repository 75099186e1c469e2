package dev.oriel.driver;

import dev.oriel.guests.GuestKit;
import dev.oriel.guests.PeerDaemon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of the host that the Rust virtiofsd of the guest kit serves to one client. */
final class PeerShare implements AutoCloseable {
    final Path folder;
    final Path socket;
    private final PeerDaemon daemon;

    private PeerShare(Path folder, Path socket, PeerDaemon daemon) {
        this.folder = folder;
        this.socket = socket;
        this.daemon = daemon;
    }

    static PeerShare start(Path temporary, String... options) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(temporary.resolve("shared"));
        Path socket = temporary.resolve("socket");
        return new PeerShare(folder, socket, PeerDaemon.start(GuestKit.locate(), folder, socket, "peer", options));
    }

    @Override
    public void close() {
        daemon.close();
    }
}

package dev.oriel.benchmarks;

import dev.oriel.guests.GuestKit;
import dev.oriel.guests.PeerDaemon;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The Rust virtiofsd of the guest kit. It serves one connection and has one request queue.
 *
 * @param kit where it is
 */
public record PeerSubject(GuestKit kit) implements Subject {
    @Override
    public String name() {
        return "virtiofsd";
    }

    @Override
    public Daemon start(Path shared, Path state, String tag, List<String> options)
            throws IOException, InterruptedException {
        PeerDaemon peer = PeerDaemon.start(kit, shared, state.resolve("socket"), tag, options.toArray(String[]::new));
        return new Daemon() {
            @Override
            public Path socket() {
                return peer.socket();
            }

            @Override
            public long pid() {
                return peer.pid();
            }

            @Override
            public void close() {
                peer.close();
            }
        };
    }
}

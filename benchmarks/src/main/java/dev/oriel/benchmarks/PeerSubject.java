package dev.oriel.benchmarks;

import dev.oriel.guests.GuestKit;
import dev.oriel.guests.PeerDaemon;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The Rust virtiofsd of the guest kit. It serves one connection and has one request queue.
 *
 * @param kit where it is
 * @param always options that it is always started with
 */
public record PeerSubject(GuestKit kit, List<String> always) implements Subject {
    @Override
    public String name() {
        return "virtiofsd";
    }

    @Override
    public Daemon start(Path shared, Path state, String tag, List<String> options)
            throws IOException, InterruptedException {
        String[] words = Stream.concat(always.stream(), options.stream()).toArray(String[]::new);
        PeerDaemon peer = PeerDaemon.start(kit, shared, state.resolve("socket"), tag, words);
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

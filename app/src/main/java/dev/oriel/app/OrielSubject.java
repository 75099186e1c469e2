package dev.oriel.app;

import dev.oriel.benchmarks.Daemon;
import dev.oriel.benchmarks.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code oriel serve}, to be measured.
 *
 * @param name what it is called in tables, where there are several
 * @param always options that it is always started with
 */
record OrielSubject(String name, List<String> always) implements Subject {
    /** As it is without options. */
    static final OrielSubject DEFAULT = new OrielSubject("oriel", List.of());

    @Override
    public Daemon start(Path shared, Path state, String tag, List<String> options)
            throws IOException, InterruptedException {
        Path socket = state.resolve("socket");
        List<String> words = new ArrayList<>(
                List.of("--shared-dir", shared.toString(), "--socket-path", socket.toString(), "--tag", tag));
        words.addAll(always);
        words.addAll(options);
        ServerProcess server = ServerProcess.start(state.resolve("log"), words);
        try {
            server.awaitListening();
        } catch (CommandFailed failed) {
            server.close();
            throw new IOException(failed.getMessage(), failed);
        }
        return new Daemon() {
            @Override
            public Path socket() {
                return socket;
            }

            @Override
            public long pid() {
                return server.pid();
            }

            @Override
            public void close() throws IOException {
                server.close();
            }
        };
    }
}

package dev.oriel.app.bench;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.serve.DeviceProtocol;
import dev.oriel.app.serve.ServerProcess;
import dev.oriel.benchmarks.Daemon;
import dev.oriel.benchmarks.Subject;
import dev.oriel.guests.Attachment;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code oriel serve}, to be measured.
 *
 * @param name what it is called in tables, where there are several
 * @param always options that it is always started with
 * @param attachment by which device guests have its share
 * @param mountOptions how they mount it
 */
record OrielSubject(String name, List<String> always, Attachment attachment, String mountOptions) implements Subject {
    /** As it is without options. */
    static final OrielSubject DEFAULT = new OrielSubject("oriel", List.of());

    /** Over vhost-user, mounted without options. */
    OrielSubject(String name, List<String> always) {
        this(name, always, Attachment.VHOST_USER_FS, "");
    }

    @Override
    public Share attach(Share share) {
        return share.attachedBy(attachment).withMountOptions(mountOptions);
    }

    @Override
    public Daemon start(Path shared, Path state, String tag, List<String> options)
            throws IOException, InterruptedException {
        DeviceProtocol protocol =
                attachment == Attachment.VFIO_USER ? DeviceProtocol.VFIO_USER : DeviceProtocol.VHOST_USER;
        List<String> words = new ArrayList<>(List.of("--shared-dir", shared.toString()));
        words.addAll(always);
        words.addAll(options);
        return serve(protocol, state, tag, words);
    }

    /**
     * Starts a server and waits until it listens.
     *
     * @param state an empty folder for its socket and its log, which the caller removes
     * @param options what it shares, and others
     */
    static Daemon serve(DeviceProtocol protocol, Path state, String tag, List<String> options)
            throws IOException, InterruptedException {
        Path socket = state.resolve("socket");
        List<String> words = new ArrayList<>(List.of(protocol.pathOption(), socket.toString(), "--tag", tag));
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

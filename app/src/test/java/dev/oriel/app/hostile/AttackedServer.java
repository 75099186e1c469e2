package dev.oriel.app.hostile;

import dev.oriel.app.CommandRun;
import dev.oriel.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A real {@code oriel serve} in a process of its own, and the folder that it shares. */
final class AttackedServer implements AutoCloseable {
    /** Far more than a server takes to end, and less than it takes to give up on who hangs. */
    private static final int STOP_SECONDS = 20;

    private final RawGuest.Carrier carrier;
    private final Path folder;
    private final Path socket;
    private final Path log;
    private final Process process;

    AttackedServer(RawGuest.Carrier carrier, Path state, String... options) throws IOException, InterruptedException {
        this.carrier = carrier;
        folder = Files.createDirectory(state.resolve("folder"));
        socket = state.resolve("socket");
        log = state.resolve("log");
        String[] words = new String[3 + options.length];
        words[0] = "serve";
        words[1] = "--shared-dir=" + folder;
        words[2] = carrier.option() + "=" + socket;
        System.arraycopy(options, 0, words, 3, options.length);
        process = CommandRun.start("oriel", Map.of(), log, words);
        awaitLog("Listening on ");
    }

    Path folder() {
        return folder;
    }

    /** A virtual machine that has said nothing yet. */
    RawGuest connect() throws LinuxException {
        return carrier.connect(socket);
    }

    /** What the server has said. */
    String log() throws IOException {
        return Files.readString(log);
    }

    /** Waits until the server has said something. */
    void awaitLog(String text) throws IOException, InterruptedException {
        while (!log().contains(text)) {
            if (process.waitFor(10, TimeUnit.MILLISECONDS)) {
                throw new IOException("the server ended and did not say '" + text + "': " + log());
            }
        }
    }

    /** Stops it as a person does, and insists that it ends well, and soon. */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the server does not stop; it says: " + log());
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("the server ended with status " + process.exitValue() + "; it says: " + log());
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}

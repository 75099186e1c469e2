package dev.oriel.app.hostile;

import dev.oriel.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real {@code oriel serve} in a process and a sandbox of its own, with little memory, and the folder that it shares.
 */
final class AttackedServer implements AutoCloseable {
    /** Far more than a server takes to end, and less than it takes to give up on who hangs. */
    private static final int STOP_SECONDS = 20;

    /** What the launcher and the server say where the host has no sandbox (docs/operating.md). */
    private static final String NO_SANDBOX = " cannot be had here: ";

    private final RawGuest.Carrier carrier;
    private final Path folder;
    private final Path socket;
    private final Path log;
    private final Process process;

    AttackedServer(RawGuest.Carrier carrier, Path state, String... options) throws IOException, InterruptedException {
        this.carrier = carrier;
        folder = Files.createDirectory(state.resolve("folder"));
        socket = Files.createDirectory(state.resolve("run")).resolve("socket");
        log = state.resolve("log");
        Path program = ConfinedOriel.layOut(Files.createDirectory(state.resolve("oriel")));
        List<String> words = new ArrayList<>(
                List.of(program.toString(), "serve", "--shared-dir=" + folder, carrier.option() + "=" + socket));
        words.addAll(List.of(options));
        Process confined = start(words);
        if (listens(confined)) {
            process = confined;
        } else if (log().contains(NO_SANDBOX)) {
            words.add("--sandbox=none");
            process = start(words);
            awaitLog("Listening on ");
        } else {
            throw new IOException("the server does not listen; it says: " + log());
        }
    }

    private Process start(List<String> words) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("ORIEL_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("ORIEL_HEAP", "64m");
        return builder.start();
    }

    private boolean listens(Process started) throws IOException, InterruptedException {
        while (!log().contains("Listening on ")) {
            if (started.waitFor(10, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return true;
    }

    Path folder() {
        return folder;
    }

    /** A virtual machine that has said nothing yet. */
    RawGuest connect() throws LinuxException {
        return connect(false);
    }

    /** The same, whose rings are packed or split. */
    RawGuest connect(boolean packed) throws LinuxException {
        return carrier.connect(socket, packed);
    }

    /** What the server has said. */
    String log() throws IOException {
        return Files.readString(log);
    }

    /** Waits until the server has said something. */
    private void awaitLog(String text) throws IOException, InterruptedException {
        while (!log().contains(text)) {
            if (process.waitFor(10, TimeUnit.MILLISECONDS)) {
                throw new IOException("the server ended and did not say '" + text + "': " + log());
            }
        }
    }

    /** Its own resident memory in MiB: without that of guests, which is mapped from shared files. */
    int ownMebibytes() throws IOException {
        Path status = Path.of("/proc/" + process.pid() + "/status");
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("RssAnon:")) {
                return Integer.parseInt(line.replaceAll("[^0-9]", "")) / 1024;
            }
        }
        throw new IOException("no RssAnon in " + status);
    }

    /** Stops it as a person does, and insists that it does soon all that it has to do. */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
        while (!log().contains("INFO app] stopped")) {
            if (System.nanoTime() > end) {
                throw new AssertionError("the server does not stop; it says: " + log());
            }
            boolean _ = process.waitFor(10, TimeUnit.MILLISECONDS);
        }
    }

    /** Insists that a server that has stopped is gone soon, and that it ended well. */
    void awaitEnd() throws IOException, InterruptedException {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the server has stopped and does not end; it says: " + log());
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

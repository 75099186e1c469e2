package dev.oriel.guesttests;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code oriel serve}, a process of its own, started by the launcher as a person starts it. */
final class OrielServer implements AutoCloseable {
    private static final long STOP_SECONDS = 30;

    /** The command, without its arguments. */
    static final List<String> LAUNCHER = List.of(System.getProperty("oriel.launcher", "../oriel"));

    /** A folder for the counts of the system calls that servers make while they serve; null: they are not counted. */
    private static final @Nullable String COUNTED = System.getProperty("oriel.calls");

    private final Process process;
    private final Path socket;
    private final Path log;

    private OrielServer(Process process, Path socket, Path log) {
        this.process = process;
        this.socket = socket;
        this.log = log;
    }

    /**
     * Starts it for front-ends of vhost-user, and waits until it listens.
     *
     * @param state a folder for its socket and its log
     * @param tag the mount tag
     */
    static OrielServer start(Path shared, Path state, String tag, List<String> options) throws IOException {
        return start(List.of(), "--socket-path", shared, state, tag, options);
    }

    /**
     * The same in other ways.
     *
     * @param prefix a program that becomes the command after it; may be empty
     * @param socketOption the option that is given the path of the socket, and says by it which protocol is spoken
     *     there
     */
    static OrielServer start(
            List<String> prefix, String socketOption, Path shared, Path state, String tag, List<String> options)
            throws IOException {
        Path socket = state.resolve(tag + ".sock");
        Path log = state.resolve(tag + ".log");
        List<String> words = new ArrayList<>(prefix);
        words.addAll(LAUNCHER);
        words.addAll(List.of("serve", "--shared-dir", shared.toString(), socketOption, socket.toString()));
        words.addAll(List.of("--tag", tag));
        words.addAll(options);
        Process process = new ProcessBuilder(words).redirectError(log.toFile()).start();
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        while (line != null && !line.startsWith("Listening on ")) {
            line = output.readLine();
        }
        if (line == null) {
            throw new IOException("the server does not listen; it says: " + Files.readString(log));
        }
        if (COUNTED != null) {
            countCalls(Path.of(COUNTED), process.pid());
        }
        return new OrielServer(process, socket, log);
    }

    /** Has strace(1) count the system calls of a server that listens, in a file that is written at its end. */
    private static void countCalls(Path folder, long pid) throws IOException {
        Path counts = Files.createDirectories(folder).resolve("calls-" + pid);
        Process strace = new ProcessBuilder(
                        "strace", "-f", "-c", "-U", "name,calls", "-o", counts.toString(), "-p", String.valueOf(pid))
                .start();
        String said = strace.errorReader().readLine();
        if (said == null || !said.contains("attached")) {
            throw new IOException("strace cannot be attached: " + said);
        }
    }

    Path socket() {
        return socket;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has logged so far. */
    String log() throws IOException {
        return Files.readString(log);
    }

    /** How many descriptors it has open. */
    int openDescriptors() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            return (int) descriptors.count();
        }
    }

    /** The number of descriptors when it no longer changes, or is as expected. */
    int settledDescriptors(int expected) throws IOException, InterruptedException {
        while (practises()) {
            Thread.sleep(50);
        }
        int last = openDescriptors();
        for (int i = 0; i < 100 && last != expected; i++) {
            Thread.sleep(50);
            int now = openDescriptors();
            if (expected == 0 && now == last && i > 10) {
                break;
            }
            last = now;
        }
        return last;
    }

    /** Whether it still practises, with descriptors of its own: there is a folder for that before it listens. */
    private boolean practises() throws IOException {
        Path memory = Path.of("/proc/" + process.pid() + "/root/dev/shm");
        try (Stream<Path> folders = Files.list(memory)) {
            return folders.anyMatch(folder -> folder.getFileName().toString().startsWith("oriel-practice-"));
        }
    }

    /** Its resident memory in MiB, of which a part may be pages of the guest's memory that it touched. */
    int residentMebibytes() throws IOException {
        return kibibytes("VmRSS") / 1024;
    }

    /** Its own resident memory in MiB: without the guest's, which is mapped from shared files. */
    int ownMebibytes() throws IOException {
        return kibibytes("RssAnon") / 1024;
    }

    private int kibibytes(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith(field + ":")) {
                return Integer.parseInt(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("no " + field + " in the server's status");
    }

    /** Stops it as a person does, and insists that it ends well. */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("the server does not stop; it says: " + log());
        }
        if (process.exitValue() != 0) {
            throw new IOException("the server ended with status " + process.exitValue() + "; it says: " + log());
        }
        if (Files.exists(socket)) {
            throw new IOException("the server left its socket behind");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}

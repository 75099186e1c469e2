package dev.oriel.guesttests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server that another program has started, as libvirt, systemd and their like do: see starter.py. */
final class ManagedServer implements AutoCloseable {
    private static final long STOP_SECONDS = 30;
    private static final long PATIENCE_SECONDS = 120;
    private static final String END = "it has ended";

    /** A /dev of its own, in which there can be a syslog daemon, made in the folder that is its argument. */
    private static final String OWN_DEVICES = """
            set -e
            mount -t tmpfs devices "$1"
            mkdir "$1/upper" "$1/work"
            mount -t overlay -o "lowerdir=/dev,upperdir=$1/upper,workdir=$1/work" devices /dev
            rm -f /dev/log
            shift
            exec "$@"
            """;

    private final Process process;
    private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
    private final List<String> lines = new ArrayList<>();

    private ManagedServer(Process process) {
        this.process = process;
        Thread reader = Thread.ofPlatform().daemon().unstarted(this::read);
        reader.start();
    }

    /**
     * Starts one.
     *
     * @param directory in which it is started
     * @param manager what there is for it, as starter.py has it; with {@code --syslog} for root alone
     * @param command the server
     */
    static ManagedServer start(
            Path state, Path directory, Map<String, String> environment, List<String> manager, List<String> command)
            throws IOException {
        List<String> words = new ArrayList<>();
        if (manager.contains("--syslog")) {
            Path devices = Files.createDirectories(state.resolve("devices"));
            words.addAll(List.of("unshare", "--mount", "sh", "-c", OWN_DEVICES, "sh", devices.toString()));
        }
        Path programs = Files.createDirectories(state.resolve("programs"));
        GuestProgram.copyTo(programs);
        words.addAll(SharedFolder.KIT.hostCommand("python3"));
        words.addAll(List.of("-B", programs.resolve("starter.py").toString()));
        words.addAll(manager);
        words.add("--");
        words.addAll(command);
        ProcessBuilder builder =
                new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment()
                .put("PYTHONHOME", SharedFolder.KIT.tools().resolve("usr").toString());
        builder.environment().putAll(environment);
        return new ManagedServer(builder.start());
    }

    /** Waits for a line of its own, or of what its manager was told. */
    String awaitLine(String part) throws IOException, InterruptedException {
        while (true) {
            String line = output.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (line == null || line.equals(END)) {
                throw new IOException("no line like '" + part + "' comes; it says: " + lines);
            }
            lines.add(line);
            if (line.contains(part)) {
                return line;
            }
        }
    }

    private void read() {
        try (Stream<String> said = process.inputReader().lines()) {
            said.forEach(output::add);
        } finally {
            output.add(END);
        }
    }

    /** Whether it has not ended, or is about to begin. */
    boolean isAlive() {
        return process.isAlive();
    }

    /** Its process. */
    ProcessHandle handle() {
        return process.toHandle().children().findFirst().orElseThrow();
    }

    /** Stops it as its manager does, and gives its exit status. */
    int stop() throws IOException, InterruptedException {
        handle().destroy();
        return end();
    }

    /** Waits for its end, and gives its exit status. */
    int end() throws IOException, InterruptedException {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("it does not end; it says: " + lines + output);
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }
}

package dev.oriel.guests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process that cannot outlive its owner or its time, and whose state folder goes with it: {@code guests/supervise}
 * runs it.
 *
 * <p>Safe for all threads.
 */
final class SupervisedProcess implements AutoCloseable {
    /** Status of a process whose time ran out. */
    static final int TIME_RAN_OUT = 124;

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Process process;
    private final Path state;
    private final String program;
    private final List<Thread> readers;

    private SupervisedProcess(Process process, Path state, String program, List<Thread> readers) {
        this.process = process;
        this.state = state;
        this.program = program;
        this.readers = readers;
    }

    /**
     * Starts a process.
     *
     * @param command what to run
     * @param state a folder that is removed when it has ended; also when it could not start
     * @param limit the time after which it is killed; null: never
     * @param terminal whether it gets this process's standard streams as they are; otherwise its output goes to the
     *     consumers
     * @param output receives each line of its standard output, on a thread of its own
     * @param errors receives each line of its standard error, on a thread of its own
     * @param atEnd runs when its output is at its end
     */
    static SupervisedProcess start(
            Command command,
            Path state,
            @Nullable Duration limit,
            boolean terminal,
            Consumer<String> output,
            Consumer<String> errors,
            Runnable atEnd)
            throws IOException {
        try {
            Path script = state.resolve("supervise");
            Files.write(script, Scripts.bytes("supervise"));
            List<String> words = new ArrayList<>(List.of(
                    "bash",
                    script.toString(),
                    Long.toString(ProcessHandle.current().pid()),
                    limit == null ? "infinity" : Long.toString(Math.max(1, limit.toSeconds())),
                    state.toAbsolutePath().toString(),
                    command.oneProcessor() ? "one" : "all"));
            // By env(1), not in the environment of the supervising shell: another LD_LIBRARY_PATH would break that.
            words.add("env");
            command.environment().forEach((name, value) -> words.add(name + "=" + value));
            words.addAll(command.words());
            ProcessBuilder builder = new ProcessBuilder(words);
            if (command.folder() != null) {
                builder.directory(command.folder().toFile());
            }
            if (terminal) {
                builder.inheritIO();
            }
            Process process = builder.start();
            List<Thread> readers = terminal
                    ? List.of()
                    : List.of(
                            reader("console", process.getInputStream(), output, atEnd),
                            reader("messages", process.getErrorStream(), errors, () -> {}));
            return new SupervisedProcess(process, state, command.words().getFirst(), readers);
        } catch (IOException e) {
            delete(state);
            throw e;
        }
    }

    private static Thread reader(String name, InputStream stream, Consumer<String> lines, Runnable atEnd) {
        return Thread.ofPlatform().daemon().name("guest-" + name).start(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines.accept(line);
                }
            } catch (IOException e) {
                // The stream was closed because the process was ended: there is nothing more to read.
                return;
            } finally {
                atEnd.run();
            }
        });
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /**
     * The process of the command itself, while it runs; {@code supervise} has some of its own beside it.
     *
     * @throws IllegalStateException if it has ended
     */
    long programId() {
        String fileName = "/" + Path.of(program).getFileName();
        return process.children()
                .filter(child -> child.info()
                        .command()
                        .filter(path -> path.endsWith(fileName))
                        .isPresent())
                .mapToLong(ProcessHandle::pid)
                .findAny()
                .orElseThrow(() -> new IllegalStateException("the process has ended"));
    }

    OutputStream input() {
        return process.getOutputStream();
    }

    /** Waits for its end, and for its last line to be read; gives its status. */
    int await() throws InterruptedException {
        int status = process.waitFor();
        for (Thread reader : readers) {
            reader.join(PATIENCE);
        }
        return status;
    }

    /** Ends the process and its children, if they still run, and removes the state folder. */
    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        boolean interrupted = false;
        process.destroy();
        try {
            process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        delete(state);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            System.getLogger("dev.oriel.guests")
                    .log(System.Logger.Level.WARNING, "cannot remove the folder {0}: {1}", folder, e.getMessage());
        }
    }
}

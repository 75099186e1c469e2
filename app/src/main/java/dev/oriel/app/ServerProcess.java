package dev.oriel.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code oriel serve} in a process of its own, started by the launcher as a person would start it. Closing it stops it as a
 * person would, and waits until it is gone.
 */
final class ServerProcess implements AutoCloseable {
    /** What {@code serve} prints once front-ends can connect. */
    static final String LISTENING = "Listening on ";

    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private static final long STOP_SECONDS = 10;

    private final Process process;
    private final BufferedReader output;
    private final Path errors;

    private ServerProcess(Process process, Path errors) {
        this.process = process;
        this.output = process.inputReader();
        this.errors = errors;
    }

    /**
     * Starts it, without waiting for it.
     *
     * @param errors the file that gets its log
     * @param options those of {@code oriel serve}
     */
    static ServerProcess start(Path errors, List<String> options) throws IOException {
        List<String> words = new ArrayList<>();
        // Ends with us even if we are killed: a server without its tour is of no use to anybody.
        if (Files.isExecutable(SETPRIV)) {
            words.addAll(List.of(SETPRIV.toString(), "--pdeathsig", "TERM", "--"));
        }
        words.addAll(command());
        words.add("serve");
        words.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.redirectError(errors.toFile());
        return new ServerProcess(builder.start(), errors);
    }

    /** How this program was started: by its launcher, or, where Java was started directly, in the same way. */
    private static List<String> command() {
        String launcher = System.getProperty("oriel.launcher");
        return launcher != null
                ? List.of(launcher)
                : List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=dev.oriel.linux",
                        "--module-path",
                        System.getProperty("jdk.module.path"),
                        "--module",
                        "dev.oriel.app/dev.oriel.app.Oriel");
    }

    /**
     * Waits until front-ends can connect.
     *
     * @throws CommandFailed if it ends before, with what it said
     */
    void awaitListening() throws IOException, CommandFailed, InterruptedException {
        @Nullable String line = output.readLine();
        while (line != null && !line.startsWith(LISTENING)) {
            line = output.readLine();
        }
        if (line == null) {
            int status = process.waitFor();
            throw new CommandFailed("the server ended with status " + status + ": " + log());
        }
    }

    /** What it has logged so far. */
    String log() throws IOException {
        return Files.readString(errors).strip();
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks it to stop (SIGTERM) and waits; kills it if it does not. */
    @Override
    public void close() throws IOException {
        process.destroy();
        boolean interrupted = false;
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            interrupted = true;
        }
        output.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

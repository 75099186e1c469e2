package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code oriel serve} in a process of its own, started by the launcher as a person would start it. Closing it stops it
 * as a person would, and waits until it is gone.
 */
public final class ServerProcess implements AutoCloseable {
    /** What {@code serve} prints once front-ends can connect. */
    public static final String LISTENING = "Listening on ";

    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private static final long STOP_SECONDS = 10;

    private final ProcessBuilder builder;
    private final Path errors;
    private Process process;
    private BufferedReader output;
    private boolean isConfined;

    private ServerProcess(ProcessBuilder builder, Path errors) throws IOException {
        this.builder = builder;
        this.errors = errors;
        isConfined = launcher() != null;
        if (!isConfined) {
            builder.command().add("--sandbox=none");
        }
        process = builder.start();
        output = process.inputReader();
    }

    /**
     * Starts it, without waiting for it.
     *
     * @param errors the file that gets its log
     * @param options those of {@code oriel serve}
     */
    public static ServerProcess start(Path errors, List<String> options) throws IOException {
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
        return new ServerProcess(builder, errors);
    }

    private static @Nullable String launcher() {
        return System.getProperty("oriel.launcher");
    }

    /** How this program was started: by its launcher, or, where Java was started directly, in the same way. */
    private static List<String> command() {
        String launcher = launcher();
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
     * Waits until front-ends can connect. Where the host has no sandbox for it, it is started once more without one:
     * who shows or compares a server wants one all the same.
     *
     * @throws CommandFailed if it ends before, with what it said
     */
    public void awaitListening() throws IOException, CommandFailed, InterruptedException {
        if (isListening()) {
            return;
        }
        int status = process.waitFor();
        if (isConfined && log().contains(Confinement.IMPOSSIBLE)) {
            isConfined = false;
            output.close();
            builder.command().add("--sandbox=none");
            process = builder.start();
            output = process.inputReader();
            awaitListening();
            return;
        }
        throw new CommandFailed("the server ended with status " + status + ": " + log());
    }

    private boolean isListening() throws IOException {
        @Nullable String line = output.readLine();
        while (line != null && !line.startsWith(LISTENING)) {
            line = output.readLine();
        }
        return line != null;
    }

    /**
     * Whether it is in a sandbox, as far as that was not forbidden by an option. Java that was started directly has
     * none.
     */
    public boolean isConfined() {
        return isConfined;
    }

    /** What it has logged so far. */
    public String log() throws IOException {
        return Files.readString(errors).strip();
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
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

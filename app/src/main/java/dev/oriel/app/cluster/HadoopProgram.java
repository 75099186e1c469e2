package dev.oriel.app.cluster;

import dev.oriel.app.command.CommandFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A program that has Hadoop's jars, which this one has not: it is talked to by lines, and ends when it is closed. */
final class HadoopProgram implements AutoCloseable {
    /** Where the jars are; set by the launcher, which has fetched them. */
    private static final String PROPERTY = "oriel.cluster";

    private static final String UP = "UP";
    private static final long STOP_SECONDS = 20;

    private final Process process;
    private final BufferedReader output;
    private final Writer input;
    private final String greeting;

    private HadoopProgram(Process process, BufferedReader output, Writer input, String greeting) {
        this.process = process;
        this.output = output;
        this.input = input;
        this.greeting = greeting;
    }

    /**
     * Starts one, and waits until it says {@code UP}.
     *
     * @param name its class
     * @param log what it logs
     * @throws CommandFailed if it ends before, with what it said
     */
    static HadoopProgram start(String name, String argument, Path log) throws IOException, CommandFailed {
        String jars = System.getProperty(PROPERTY);
        if (jars == null) {
            throw new CommandFailed("a cluster can be had by the launcher only: start it as oriel try --share hdfs,"
                    + " or oriel bench share");
        }
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        jars + "/*",
                        name,
                        argument))
                .redirectError(log.toFile())
                .start();
        BufferedReader output = process.inputReader();
        @Nullable String line = output.readLine();
        while (line != null && !line.equals(UP) && !line.startsWith(UP + " ")) {
            line = output.readLine();
        }
        if (line == null) {
            throw new CommandFailed("the cluster did not come up: "
                    + Files.readString(log).lines().limit(5).toList());
        }
        return new HadoopProgram(
                process,
                output,
                process.outputWriter(),
                line.substring(UP.length()).strip());
    }

    /** What it said behind {@code UP}. */
    String greeting() {
        return greeting;
    }

    long pid() {
        return process.pid();
    }

    void ask(String line) throws IOException {
        input.write(line + "\n");
        input.flush();
    }

    String answer() throws IOException {
        String line = output.readLine();
        if (line == null) {
            throw new IOException("the cluster has ended");
        }
        return line;
    }

    @Override
    public void close() throws IOException {
        input.close();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        output.close();
    }
}

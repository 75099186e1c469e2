package dev.oriel.app.tour;

import dev.oriel.app.command.CommandFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A Hadoop cluster to try, a process of its own. Closing it ends it, and removes what it has kept. */
final class ClusterProcess implements AutoCloseable {
    /** Where its jars are; set by the launcher, which has fetched them. */
    private static final String PROPERTY = "oriel.cluster";

    private static final long STOP_SECONDS = 20;

    private final Process process;
    private final BufferedReader output;
    private final Writer input;
    private final String share;

    private ClusterProcess(Process process, BufferedReader output, Writer input, String share) {
        this.process = process;
        this.output = output;
        this.input = input;
        this.share = share;
    }

    /**
     * Starts one, and waits until it can be used.
     *
     * @param work a folder for what it keeps and logs
     * @throws CommandFailed if it ends before, with what it said
     */
    static ClusterProcess start(Path work) throws IOException, CommandFailed {
        String jars = System.getProperty(PROPERTY);
        if (jars == null) {
            throw new CommandFailed("a cluster can be had by the launcher only: start it as oriel try --share hdfs");
        }
        Path log = work.resolve("cluster.log");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        jars + "/*",
                        "dev.oriel.cluster.TryCluster",
                        work.resolve("cluster").toString()))
                .redirectError(log.toFile())
                .start();
        BufferedReader output = process.inputReader();
        @Nullable String line = output.readLine();
        while (line != null && !line.startsWith("UP ")) {
            line = output.readLine();
        }
        if (line == null) {
            throw new CommandFailed("the cluster did not come up: "
                    + Files.readString(log).lines().limit(5).toList());
        }
        return new ClusterProcess(process, output, process.outputWriter(), line.substring("UP ".length()));
    }

    /** The URI of its files. */
    String share() {
        return share;
    }

    private void ask(String line) throws IOException {
        input.write(line + "\n");
        input.flush();
    }

    private String answer() throws IOException {
        String line = output.readLine();
        if (line == null) {
            throw new IOException("the cluster has ended");
        }
        return line;
    }

    /** The checksums of all files, as Hadoop's own client reads them. */
    Map<String, String> sums() throws IOException {
        ask("sums");
        Map<String, String> sums = new TreeMap<>();
        for (String line = answer(); !line.equals("END"); line = answer()) {
            String[] words = line.split(" ", 3);
            sums.put(words[2], words[1]);
        }
        return sums;
    }

    /** Stops a data node, and tells which. */
    String stopDataNode() throws IOException {
        ask("stop");
        return answer().substring("STOPPED ".length());
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

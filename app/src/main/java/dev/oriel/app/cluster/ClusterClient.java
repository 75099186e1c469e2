package dev.oriel.app.cluster;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.benchmarks.HostClient;
import java.io.IOException;
import java.nio.file.Path;

/** Hadoop's own client, a process of its own, which measures itself. Closing it ends it. */
public final class ClusterClient implements HostClient, AutoCloseable {
    private final HadoopProgram program;

    private ClusterClient(HadoopProgram program) {
        this.program = program;
    }

    /**
     * Starts one.
     *
     * @param share the URI of the folder that it works in
     * @param work a folder for what it logs
     * @throws CommandFailed if it ends before, with what it said
     */
    public static ClusterClient start(String share, Path work) throws IOException, CommandFailed {
        return new ClusterClient(
                HadoopProgram.start("dev.oriel.cluster.MeasuredClient", share, work.resolve("client.log")));
    }

    public long pid() {
        return program.pid();
    }

    @Override
    public double write(String name, int mebibytes) throws IOException {
        return seconds("write " + name + " " + mebibytes, (long) mebibytes << 20);
    }

    @Override
    public double read(String name, int mebibytes) throws IOException {
        return seconds("read " + name, (long) mebibytes << 20);
    }

    @Override
    public double list(String name, int count) throws IOException {
        return seconds("list " + name, count);
    }

    @Override
    public void makeNames(String name, int count) throws IOException {
        double _ = seconds("make " + name + " " + count, count);
    }

    private double seconds(String question, long expected) throws IOException {
        program.ask(question);
        String[] words = program.answer().split(" ", -1);
        if (words.length != 3 || !words[0].equals("DONE") || Long.parseLong(words[2]) != expected) {
            throw new IOException("Hadoop's client was asked '" + question + "', and said: " + String.join(" ", words));
        }
        return Long.parseLong(words[1]) / 1e9;
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}

package dev.oriel.app.cluster;

import dev.oriel.app.command.CommandFailed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A Hadoop cluster to try, a process of its own. Closing it ends it, and removes what it has kept. */
public final class ClusterProcess implements AutoCloseable {
    private final HadoopProgram program;

    private ClusterProcess(HadoopProgram program) {
        this.program = program;
    }

    /**
     * Starts one, and waits until it can be used.
     *
     * @param work a folder for what it keeps and logs
     * @throws CommandFailed if it ends before, with what it said
     */
    public static ClusterProcess start(Path work) throws IOException, CommandFailed {
        return new ClusterProcess(HadoopProgram.start(
                "dev.oriel.cluster.TryCluster", work.resolve("cluster").toString(), work.resolve("cluster.log")));
    }

    /** The URI of its files. */
    public String share() {
        return program.greeting();
    }

    public long pid() {
        return program.pid();
    }

    /** The checksums of all files, as Hadoop's own client reads them. */
    public Map<String, String> sums() throws IOException {
        program.ask("sums");
        Map<String, String> sums = new TreeMap<>();
        for (String line = program.answer(); !line.equals("END"); line = program.answer()) {
            String[] words = line.split(" ", 3);
            sums.put(words[2], words[1]);
        }
        return sums;
    }

    /** Stops a data node, and tells which. */
    public String stopDataNode() throws IOException {
        program.ask("stop");
        return program.answer().substring("STOPPED ".length());
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}

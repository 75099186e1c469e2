package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole of it by the real command: a cluster, a server in its sandbox that has the plug-in for it, and a guest;
 * reads, writes, a program that is mapped, and a data node that is stopped, each held against Hadoop's own client.
 */
@Tag("guest")
class ClusterTourTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @Test
    void everyStepOfTheTourOfAClusterIsShown() throws Exception {
        Path said = folder.resolve("said");
        List<String> words = new ArrayList<>(OrielServer.LAUNCHER);
        words.addAll(List.of("try", "--share", "hdfs", "--guest", "uml"));
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        int status = process.waitFor();
        assertThat(status).as(Files.readString(said)).isZero();
        assertThat(Files.readString(said)).contains("data node", "the read went on", "confined");
    }
}

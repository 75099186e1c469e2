package dev.oriel.hadoop;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a file that is written at random is what was written. */
@SuppressWarnings("NullAway.Init") // before all
class RandomWriterTest {
    private static TestCluster cluster;
    private static DistributedFileSystem hadoop;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void startACluster() throws IOException {
        cluster = TestCluster.start();
        hadoop = cluster.client();
        hadoop.mkdirs(new org.apache.hadoop.fs.Path("/random"));
    }

    @AfterAll
    static void stopIt() throws IOException {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void whatIsReadIsWhatWasWritten(String scheme) throws IOException {
        String name = "/file-" + scheme;
        try (ServedShare share =
                        ServedShare.of(folder, cluster.share(scheme, "/random"), Map.of(), RandomWriter.WINDOW);
                java.nio.file.FileSystem mounted = share.mount()) {
            RandomWriter.run(mounted.getPath(name), hadoop, new org.apache.hadoop.fs.Path("/random" + name));
        }
    }
}

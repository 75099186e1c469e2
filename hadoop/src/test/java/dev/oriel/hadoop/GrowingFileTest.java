package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.testing.GrowingFile;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file to which two guests append. */
@SuppressWarnings("NullAway.Init") // before all
class GrowingFileTest {
    private static TestCluster cluster;
    private static DistributedFileSystem hadoop;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void startACluster() throws Exception {
        cluster = TestCluster.start();
        hadoop = cluster.client();
    }

    @AfterAll
    static void stopIt() throws Exception {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void twoGuestsAppendToOneFile(String scheme) throws Exception {
        try (ServedShare share = ServedShare.of(folder, cluster.share(scheme, "/"), Map.of());
                java.nio.file.FileSystem one = share.mount();
                java.nio.file.FileSystem other = share.mount()) {
            byte[] whole = GrowingFile.grow(List.of(one, other), "/log-" + scheme);
            try (InputStream in = hadoop.open(new org.apache.hadoop.fs.Path("/log-" + scheme))) {
                assertThat(in.readAllBytes()).isEqualTo(whole);
            }
        }
    }
}

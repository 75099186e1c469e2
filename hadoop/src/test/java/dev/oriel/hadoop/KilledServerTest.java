package dev.oriel.hadoop;

import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A server of a cluster's folder that is killed at some moment: run it with {@code -Doriel.soak=TIMES}. */
@EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
class KilledServerTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @Test
    void filesAreAsTheyWereSyncedLastOrNewer() throws Exception {
        try (TestCluster cluster = TestCluster.start()) {
            DistributedFileSystem hadoop = cluster.client();
            KilledServer server = new KilledServer(folder, cluster.share("hdfs", "/"), Map.of(), hadoop, log -> {
                while (!hadoop.recoverLease(log)) {
                    Thread.sleep(100);
                }
            });
            server.run(Integer.getInteger("oriel.soak"));
        }
    }
}

package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.local.Caller;
import dev.oriel.filesystem.local.Client;
import dev.oriel.filesystem.path.OperationTable;
import dev.oriel.filesystem.path.ProviderOperations;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest may do in a share of Hadoop, held against the table that docs/serving.md shows. */
@SuppressWarnings("NullAway.Init") // before all
class HadoopOperationsTest {
    private static TestCluster cluster;

    @BeforeAll
    static void startACluster() throws IOException {
        cluster = TestCluster.start();
    }

    @AfterAll
    static void stopIt() throws IOException {
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "webhdfs"})
    void thePageShowsWhatAClusterCan(String scheme) throws IOException {
        String folder = "/" + scheme;
        cluster.client().mkdirs(new Path(folder));
        assertShown(
                scheme,
                cluster.share(scheme, folder),
                Map.of(),
                new StoredInHadoop(cluster.client(), new Path(folder)));
    }

    /** In the profiles of {@link S3aShareTest}. */
    @Test
    @EnabledIfSystemProperty(named = S3Server.PROPERTY, matches = ".+")
    void thePageShowsWhatABucketCan(@TempDir java.nio.file.Path folder) throws Exception {
        try (S3Server server = S3Server.start(folder);
                FileSystem hadoop = server.client()) {
            Path root = new Path("s3a", "bucket", "/operations");
            hadoop.mkdirs(root);
            assertShown("s3a", S3Server.share("/operations"), server.options(), new StoredInHadoop(hadoop, root));
        }
    }

    @Test
    void whoMakesALinkIsNotGivenWhatItLeadsTo() throws IOException {
        FileSystem hadoop = cluster.client();
        Path outside = new Path("/outside");
        hadoop.create(outside).close();
        String owner = hadoop.getFileStatus(outside).getOwner();
        hadoop.mkdirs(new Path("/links"));
        try (Client client = client(cluster.share("hdfs", "/links"), Map.of())) {
            assertThat(client.as(Caller.user(1000, 1000)).symlink(FileSystemSession.ROOT, "link", "/outside"))
                    .isZero();
        }
        assertThat(hadoop.getFileStatus(outside).getOwner()).isEqualTo(owner);
    }

    private static Client client(URI share, Map<String, String> options) throws IOException {
        return Client.of(
                new HadoopShares().open(share, new ShareSettings(options, false, 64 << 20, 1, null, 64 << 20)));
    }

    private static void assertShown(String scheme, URI share, Map<String, String> options, StoredInHadoop stored)
            throws IOException {
        try (Client client = client(share, options)) {
            OperationTable.assertShows(scheme + ":", new ProviderOperations(client, stored).run());
        }
    }
}

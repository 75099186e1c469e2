package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data nodes and a name node that go away in the middle of it: what is read and written is right, or it is an error.
 * Takes two minutes, most of which Hadoop's client waits: run it with {@code -Doriel.soak=1}.
 */
@EnabledIfSystemProperty(named = "oriel.soak", matches = "[1-9].*")
@SuppressWarnings("NullAway.Init") // before each
class LostServersTest {
    private static final int PIECE = 256 << 10;

    private TestCluster cluster;
    private DistributedFileSystem hadoop;

    @TempDir
    private Path folder;

    @BeforeEach
    void startACluster() throws IOException {
        cluster = TestCluster.start();
        hadoop = cluster.client();
    }

    @AfterEach
    void stopIt() throws IOException {
        cluster.close();
    }

    private static byte[] random(int length) {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        return content;
    }

    private byte[] there(String path) throws IOException {
        try {
            return read(path);
        } catch (EOFException connectionOfBefore) {
            return read(path);
        }
    }

    private byte[] read(String path) throws IOException {
        try (InputStream in = hadoop.open(new org.apache.hadoop.fs.Path(path))) {
            return in.readAllBytes();
        }
    }

    @Test
    void aReadGoesOnWhenADataNodeIsStopped() throws IOException {
        byte[] content = random(12_000_000);
        try (FSDataOutputStream out = hadoop.create(new org.apache.hadoop.fs.Path("/file"))) {
            out.write(content);
        }
        try (ServedShare share = ServedShare.of(folder, cluster.share("hdfs", "/"), Map.of());
                java.nio.file.FileSystem mounted = share.mount();
                FileChannel channel = FileChannel.open(mounted.getPath("/file"))) {
            ByteBuffer read = ByteBuffer.allocate(content.length);
            MiniDFSCluster.DataNodeProperties stopped = null;
            while (read.hasRemaining()) {
                read.limit(Math.min(read.capacity(), read.position() + PIECE));
                assertThat(channel.read(read, read.position())).isPositive();
                read.limit(read.capacity());
                if (stopped == null && read.position() > content.length / 3) {
                    stopped = cluster.nodes().stopDataNode(0);
                }
            }
            assertThat(stopped).isNotNull();
            assertThat(read.array()).isEqualTo(content);
        }
    }

    @Test
    void aWriteGoesOnWhenADataNodeIsStopped() throws IOException {
        byte[] content = random(9_000_000);
        try (ServedShare share = ServedShare.of(
                        folder, cluster.share("hdfs", "/"), Map.of("dfs.client.socket-timeout", "10000"));
                java.nio.file.FileSystem mounted = share.mount()) {
            try (OutputStream out = Files.newOutputStream(mounted.getPath("/file"))) {
                for (int done = 0; done < content.length; done += PIECE) {
                    out.write(content, done, Math.min(PIECE, content.length - done));
                    if (done == 10 * PIECE) {
                        assertThat(cluster.nodes().stopDataNode(1)).isNotNull();
                    }
                }
            }
            assertThat(there("/file")).isEqualTo(content);
        }
    }

    @Test
    void allGoesOnWhenANameNodeIsStartedAgain() throws IOException {
        byte[] content = random(3_000_000);
        try (ServedShare share = ServedShare.of(folder, cluster.share("hdfs", "/"), Map.of());
                java.nio.file.FileSystem mounted = share.mount()) {
            try (FileChannel channel = FileChannel.open(
                    mounted.getPath("/file"),
                    java.nio.file.StandardOpenOption.CREATE,
                    java.nio.file.StandardOpenOption.READ,
                    java.nio.file.StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(content, 0, 1_000_000));
                channel.force(true);
                cluster.nodes().restartNameNode(0, false);
                channel.write(ByteBuffer.wrap(content, 1_000_000, 2_000_000));
                channel.force(true);
                ByteBuffer read = ByteBuffer.allocate(content.length);
                while (read.hasRemaining() && channel.read(read, read.position()) > 0) {}
                assertThat(read.array()).isEqualTo(content);
            }
            assertThat(there("/file")).isEqualTo(content);
        }
    }

    @Test
    void aClusterThatIsAwayIsAnErrorInTimeAndThenGoesOn() throws IOException {
        Map<String, String> soon =
                Map.of("dfs.client.retry.policy.spec", "100,3", "ipc.client.connect.max.retries", "1");
        try (ServedShare share = ServedShare.of(folder, cluster.share("hdfs", "/"), soon);
                java.nio.file.FileSystem mounted = share.mount()) {
            Files.writeString(mounted.getPath("/file"), "before");
            cluster.nodes().shutdownNameNode(0);
            assertThatThrownBy(() -> Files.readString(mounted.getPath("/file")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Input/output error");
            cluster.nodes().restartNameNode(0, true);
            assertThat(Files.readString(mounted.getPath("/file"))).isEqualTo("before");
            Files.writeString(mounted.getPath("/file"), "after");
            assertThat(there("/file")).asString().isEqualTo("after");
        }
    }
}

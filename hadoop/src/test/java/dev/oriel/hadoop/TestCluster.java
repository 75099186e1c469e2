package dev.oriel.hadoop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/** A cluster of one name node and three data nodes in this process, with blocks of 1 MiB. */
final class TestCluster implements AutoCloseable {
    static final int BLOCK = 1 << 20;

    private static final int DATA_NODES = 3;

    private static final Logger ROOT = Logger.getLogger("");
    private static final Logger LOG = Logger.getLogger("org.apache.hadoop");

    private final MiniDFSCluster cluster;

    private TestCluster(MiniDFSCluster cluster) {
        this.cluster = cluster;
    }

    static TestCluster start() throws IOException {
        HadoopLog.redirect();
        // servers that are stopped on purpose say a lot
        LOG.setLevel(Level.SEVERE);
        ROOT.setLevel(Level.SEVERE);
        FileSystem.enableSymlinks();
        Path folder = Files.createTempDirectory("oriel-cluster-");
        Configuration configuration = new Configuration();
        configuration.set("hdfs.minidfs.basedir", folder.toString());
        configuration.setInt("dfs.blocksize", BLOCK);
        configuration.setInt("dfs.heartbeat.interval", 1);
        configuration.setBoolean("dfs.client.block.write.replace-datanode-on-failure.best-effort", true);
        MiniDFSCluster cluster = new MiniDFSCluster.Builder(configuration)
                .numDataNodes(DATA_NODES)
                .build();
        cluster.waitActive();
        return new TestCluster(cluster);
    }

    MiniDFSCluster nodes() {
        return cluster;
    }

    /** Hadoop's own client. */
    DistributedFileSystem client() throws IOException {
        return cluster.getFileSystem();
    }

    URI share(String scheme, String path) {
        InetSocketAddress web = cluster.getNameNode().getHttpAddress();
        return URI.create(
                scheme.equals("webhdfs")
                        ? "webhdfs://" + web.getHostString() + ":" + web.getPort() + path
                        : cluster.getURI() + path);
    }

    @Override
    public void close() throws IOException {
        cluster.shutdown(true); // which removes its folder
    }
}

package dev.oriel.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.jspecify.annotations.Nullable;

/**
 * A name node and three data nodes in one process, with some files. It says {@code UP URI} when it can be used, and
 * then answers lines of standard input, until that ends:
 *
 * <pre>
 *   sums        SUM SHA-256 PATH for each file, as Hadoop's own client reads it, and END
 *   stop        STOPPED NAME: a data node is stopped
 * </pre>
 */
public final class TryCluster {
    private static final int DATA_NODES = 3;
    private static final int BLOCK = 4 << 20;
    private static final int LARGE = 24 << 20;
    private static final int SMALL_FILES = 20;
    private static final Path SHARE = new Path("/share");

    private TryCluster() {}

    /**
     * Starts the cluster, and ends it when standard input ends.
     *
     * @param arguments the folder for all that the cluster keeps; it is removed at the end
     */
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set("hdfs.minidfs.basedir", arguments[0]);
        configuration.setInt("dfs.blocksize", BLOCK);
        MiniDFSCluster cluster = new MiniDFSCluster.Builder(configuration)
                .numDataNodes(DATA_NODES)
                .build();
        try {
            cluster.waitActive();
            FileSystem files = cluster.getFileSystem();
            makeFiles(files);
            say("UP " + cluster.getURI() + SHARE);
            answer(cluster, files);
        } finally {
            cluster.shutdown(true);
        }
        Runtime.getRuntime().halt(0); // its threads may take their time
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static void makeFiles(FileSystem files) throws IOException {
        byte[] content = new byte[LARGE];
        new Random(1).nextBytes(content);
        write(files, "large", content);
        for (int i = 1; i <= SMALL_FILES; i++) {
            write(files, "small/" + i, ("file " + i + " of a cluster\n").getBytes(UTF_8));
        }
    }

    private static void write(FileSystem files, String name, byte[] content) throws IOException {
        try (FSDataOutputStream out = files.create(new Path(SHARE, name))) {
            out.write(content);
        }
    }

    private static void answer(MiniDFSCluster cluster, FileSystem files) throws IOException, NoSuchAlgorithmException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        @Nullable String line = in.readLine();
        while (line != null) {
            switch (line) {
                case "sums" -> sums(files);
                case "stop" -> {
                    MiniDFSCluster.DataNodeProperties stopped = cluster.stopDataNode(0);
                    say("STOPPED " + (stopped == null ? "none" : "data node 1 of " + DATA_NODES));
                }
                default -> say("UNKNOWN " + line);
            }
            line = in.readLine();
        }
    }

    private static void sums(FileSystem files) throws IOException, NoSuchAlgorithmException {
        RemoteIterator<LocatedFileStatus> all = files.listFiles(SHARE, true);
        while (all.hasNext()) {
            LocatedFileStatus file = all.next();
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            try (InputStream in = files.open(file.getPath())) {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    digest.update(buffer, 0, count);
                }
            }
            String path =
                    file.getPath().toUri().getPath().substring(SHARE.toString().length() + 1);
            say("SUM " + HexFormat.of().formatHex(digest.digest()) + " " + path);
        }
        say("END");
    }
}

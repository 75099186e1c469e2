package dev.oriel.hadoop;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.ShareProvider;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.staging.Staging;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * Shares of Hadoop file systems. Their options are those of Hadoop's configuration, which is read from {@code
 * HADOOP_CONF_DIR} first, and {@code kerberos-principal} with {@code kerberos-keytab}: whom to be with Kerberos, and
 * the file with the key; without them the ticket that Hadoop finds.
 */
public final class HadoopShares implements ShareProvider {
    /** Of Hadoop's own client, those that this one finds in its jars, and those that a plug-in may bring. */
    private static final Set<String> SCHEMES = Set.of(
            "hdfs",
            "webhdfs",
            "swebhdfs",
            "viewfs",
            "har",
            "s3a",
            "abfs",
            "abfss",
            "gs",
            "o3fs",
            "ofs",
            "jfs",
            "alluxio");

    /**
     * What holds if nothing else is said: a cluster that is away is waited for, for about a minute, and then it is EIO.
     */
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("dfs.client.retry.policy.enabled", "true"),
            Map.entry("dfs.client.retry.policy.spec", "1000,60"),
            Map.entry("ipc.client.connect.timeout", "10000"),
            Map.entry("ipc.client.connect.max.retries.on.timeouts", "3"),
            Map.entry("ipc.client.rpc-timeout.ms", "60000"),
            Map.entry("hadoop.kerberos.keytab.login.autorenewal.enabled", "true"),
            Map.entry("hadoop.security.group.mapping", "org.apache.hadoop.security.NullGroupsMapping"),
            // a bucket that is not there is told at the start; parts lie in memory, as no folder is sure to be writable
            Map.entry("fs.s3a.bucket.probe", "2"),
            Map.entry("fs.s3a.fast.upload.buffer", "bytebuffer"),
            // the other one keeps objects in memory, and does not say that one was replaced
            Map.entry("fs.s3a.input.stream.type", "classic"),
            Map.entry("fs.s3a.fast.upload.active.blocks", "2"),
            Map.entry("fs.s3a.multipart.size", "8M"),
            Map.entry("fs.s3a.attempts.maximum", "2"),
            Map.entry("fs.s3a.retry.limit", "6"));

    /** For {@link java.util.ServiceLoader}. */
    public HadoopShares() {}

    @Override
    public Set<String> schemes() {
        return SCHEMES;
    }

    @Override
    public boolean needsNetwork(URI share) {
        return true;
    }

    @Override
    public FileSystem open(URI share, ShareSettings settings) throws IOException {
        Thread thread = Thread.currentThread();
        @Nullable ClassLoader before = thread.getContextClassLoader();
        ClassLoader loader = HadoopShares.class.getClassLoader();
        thread.setContextClassLoader(loader);
        try {
            HadoopLog.redirect();
            return open(share, settings, configuration(settings.options()), loader);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static FileSystem open(URI share, ShareSettings settings, Configuration configuration, ClassLoader loader)
            throws IOException {
        HadoopLogin login = new HadoopLogin(settings.options(), configuration);
        boolean isOpen = false;
        try {
            Staging staging = Staging.open(settings.stagingFolder(), settings.stagingBytes(), settings.sessions());
            try {
                FileSystem opened =
                        new HadoopFileSystem(cluster(share, configuration, loader, staging, login), settings);
                isOpen = true;
                return opened;
            } finally {
                if (!isOpen) {
                    staging.close();
                }
            }
        } catch (org.apache.hadoop.fs.UnsupportedFileSystemException absent) {
            throw new IOException(
                    "Hadoop's client has nothing for " + share.getScheme() + ": its jar belongs into a plug-in",
                    absent);
        } catch (IllegalArgumentException unknown) {
            if (unknown.getCause() instanceof UnknownHostException host) {
                throw new IOException("there is no host " + host.getMessage(), unknown);
            }
            throw unknown;
        } catch (IOException refused) {
            throw HadoopLogin.explained(refused);
        } finally {
            if (!isOpen) {
                login.close();
            }
        }
    }

    private static Cluster cluster(
            URI share, Configuration configuration, ClassLoader loader, Staging staging, HadoopLogin login)
            throws IOException {
        org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(
                share.getScheme(), share.getAuthority(), share.getPath().isEmpty() ? "/" : share.getPath());
        if (share.getScheme().equals("hdfs")) {
            // asks for links too; the cluster refuses them where it has none
            org.apache.hadoop.fs.FileSystem.enableSymlinks();
        }
        probe(share, root, configuration);
        org.apache.hadoop.fs.FileSystem files = org.apache.hadoop.fs.FileSystem.newInstance(share, configuration);
        try {
            return new Cluster(files, files.makeQualified(root), loader, staging, login);
        } catch (IOException | RuntimeException failed) {
            files.close();
            throw failed;
        }
    }

    /**
     * Asks for the folder without much patience: who starts a server wants to know soon that the cluster is not there.
     */
    private static void probe(URI share, org.apache.hadoop.fs.Path root, Configuration configuration)
            throws IOException {
        Configuration soon = new Configuration(configuration);
        soon.set("dfs.client.retry.policy.spec", "500,6");
        soon.set("ipc.client.connect.max.retries.on.timeouts", "1");
        soon.set("fs.s3a.retry.limit", "2");
        try (org.apache.hadoop.fs.FileSystem files = org.apache.hadoop.fs.FileSystem.newInstance(share, soon)) {
            org.apache.hadoop.fs.FileStatus _ = files.getFileStatus(root);
        }
    }

    private static Configuration configuration(Map<String, String> options) {
        Configuration configuration = new Configuration();
        String folder = System.getenv("HADOOP_CONF_DIR");
        if (folder != null && !folder.isEmpty()) {
            configuration.addResource(new org.apache.hadoop.fs.Path(folder, "core-site.xml"));
            configuration.addResource(new org.apache.hadoop.fs.Path(folder, "hdfs-site.xml"));
        }
        DEFAULTS.forEach((key, value) -> {
            if (configuration.getPropertySources(key) == null || isDefault(configuration, key)) {
                configuration.set(key, value, "oriel");
            }
        });
        for (Map.Entry<String, String> option : options.entrySet()) {
            String key = option.getKey();
            if (key.indexOf('.') > 0) {
                configuration.set(key, option.getValue(), "--share-option");
            } else if (!HadoopLogin.OPTIONS.contains(key)) {
                throw new IllegalArgumentException("unknown option '" + key + "'; known are "
                        + String.join(", ", new TreeSet<>(HadoopLogin.OPTIONS))
                        + " and those of Hadoop's configuration, as dfs.replication");
            }
        }
        // modes are the guest's, which has applied its own umask
        configuration.set("fs.permissions.umask-mode", "000");
        return configuration;
    }

    /** Whether a value comes from a file that Hadoop's jars bring. */
    private static boolean isDefault(Configuration configuration, String key) {
        for (String source : configuration.getPropertySources(key)) {
            if (!source.endsWith("-default.xml")) {
                return false;
            }
        }
        return true;
    }
}

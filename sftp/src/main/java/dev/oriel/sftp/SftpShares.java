package dev.oriel.sftp;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ShareProvider;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.path.PathFileSystem;
import dev.oriel.filesystem.path.PathOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.keyverifier.KnownHostsServerKeyVerifier;
import org.apache.sshd.client.keyverifier.RejectAllServerKeyVerifier;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.sftp.client.fs.SftpFileSystem;
import org.apache.sshd.sftp.client.fs.SftpFileSystemProvider;
import org.jspecify.annotations.Nullable;

/**
 * Shares of SFTP servers: {@code sftp://USER@HOST[:PORT]/DIR}. The server's key must be known. Options:
 *
 * <ul>
 *   <li>{@value #KNOWN_HOSTS}: a file with the keys of servers (default: {@code ~/.ssh/known_hosts});
 *   <li>{@value #IDENTITY}: a file with the private key to log in with, without a passphrase (default: {@code
 *       ~/.ssh/id_ed25519}, {@code id_ecdsa}, {@code id_rsa});
 *   <li>{@value #PASSWORD_FILE}: a file whose first line is the password.
 * </ul>
 */
public final class SftpShares implements ShareProvider {
    private static final String KNOWN_HOSTS = "known-hosts";
    private static final String IDENTITY = "identity";
    private static final String PASSWORD_FILE = "password-file";
    private static final Set<String> OPTIONS = Set.of(KNOWN_HOSTS, IDENTITY, PASSWORD_FILE);
    private static final List<String> USUAL_KEYS = List.of("id_ed25519", "id_ecdsa", "id_rsa");

    private static final int PORT = 22;
    private static final int MOST_OPEN = 16_384;

    /**
     * A server that does not answer as many questions is gone: requests that wait for it get EIO, and the next connects
     * again.
     */
    private static final int MOST_UNANSWERED = 3;

    private static final Duration HEARTBEAT = Duration.ofSeconds(10);

    /** Loggers are forgotten when nobody has them. */
    private static final Logger MINA = Logger.getLogger("org.apache.sshd");

    /** For {@link java.util.ServiceLoader}. */
    public SftpShares() {}

    @Override
    public Set<String> schemes() {
        return Set.of("sftp");
    }

    @Override
    public boolean needsNetwork(URI share) {
        return true;
    }

    @Override
    public FileSystem open(URI share, ShareSettings settings) throws IOException {
        settings.requireKnown(OPTIONS);
        if (share.getHost() == null || share.getUserInfo() == null) {
            throw new IllegalArgumentException("it is of the form sftp://USER@HOST/DIR");
        }
        MINA.setLevel(Level.SEVERE);
        SshClient client = client(settings.options());
        try {
            SftpFileSystemProvider provider = new RenamingProvider(client);
            SftpFileSystem files = provider.newFileSystem(server(share, settings.options()), Map.of());
            files.getClient().close(); // says what is wrong with the connection
            Path root = files.getPath(share.getPath().isEmpty() ? "/" : share.getPath());
            PathOptions options = PathOptions.of(root)
                    .withReadOnly(settings.readOnly())
                    .withBounds(settings.sessions(), settings.nodeMemory(), MOST_OPEN)
                    .withStaging(settings.stagingFolder(), settings.stagingBytes());
            return new Connected(PathFileSystem.of(root, options), files, client);
        } catch (IOException | RuntimeException failed) {
            client.stop();
            throw failed;
        }
    }

    /** The URI of the server alone, with the password if there is one. */
    private static URI server(URI share, Map<String, String> options) throws IOException {
        String[] user = share.getUserInfo().split(":", 2);
        @Nullable String password = user.length > 1 ? user[1] : null;
        String file = options.get(PASSWORD_FILE);
        if (file != null) {
            password = Files.readAllLines(Path.of(file)).stream().findFirst().orElse("");
        }
        int port = share.getPort() < 0 ? PORT : share.getPort();
        return SftpFileSystemProvider.createFileSystemURI(share.getHost(), port, user[0], password);
    }

    private static SshClient client(Map<String, String> options) throws IOException {
        Path home = Path.of(System.getProperty("user.home"), ".ssh");
        Path known = file(KNOWN_HOSTS, options, home.resolve("known_hosts"));
        SshClient client = SshClient.setUpDefaultClient();
        client.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY);
        client.setServerKeyVerifier(new KnownHostsServerKeyVerifier(RejectAllServerKeyVerifier.INSTANCE, known));
        List<Path> keys = options.containsKey(IDENTITY)
                ? List.of(file(IDENTITY, options, home))
                : USUAL_KEYS.stream().map(home::resolve).filter(Files::exists).toList();
        client.setKeyIdentityProvider(
                keys.isEmpty() ? KeyIdentityProvider.EMPTY_KEYS_PROVIDER : new FileKeyPairProvider(keys));
        CoreModuleProperties.HEARTBEAT_INTERVAL.set(client, HEARTBEAT);
        CoreModuleProperties.HEARTBEAT_NO_REPLY_MAX.set(client, MOST_UNANSWERED);
        client.start();
        return client;
    }

    private static Path file(String option, Map<String, String> options, Path usual) {
        String given = options.get(option);
        Path file = given == null ? usual : Path.of(given);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(option + ": " + file + " cannot be read; say --share-option " + option
                    + "=FILE, by its absolute path");
        }
        return file;
    }

    /** The share, and what has to be closed after it. */
    private record Connected(FileSystem share, SftpFileSystem files, SshClient client) implements FileSystem {
        private static final System.Logger LOG = System.getLogger("dev.oriel.sftp");

        @Override
        public FileSystemSession begin(long offered) {
            return share.begin(offered);
        }

        @Override
        public void close() {
            share.close();
            try {
                files.close();
            } catch (IOException lost) {
                LOG.log(System.Logger.Level.WARNING, "the connection could not be closed: {0}", lost.toString());
            }
            client.stop();
        }
    }
}

package dev.oriel.app.plugin;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.ShareProvider;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.path.PathFileSystem;
import dev.oriel.filesystem.path.PathOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Any provider of java.nio.file, as a share. Options are its own, as strings. */
final class NioShares implements ShareProvider {
    private static final int MOST_OPEN = 65_536;

    private static final String ARCHIVES = "jar";
    private static final String ACCESS = "accessMode";

    /** The options of those that are always there; what others have is theirs to say. */
    private static final Map<String, Set<String>> KNOWN = Map.of(
            ARCHIVES,
            Set.of(
                    "create",
                    "encoding",
                    ACCESS,
                    "compressionMethod",
                    "enablePosixFileAttributes",
                    "releaseVersion",
                    "useTempFile"),
            "virtiofs",
            Set.of(),
            "jrt",
            Set.of());

    private final FileSystemProvider provider;

    NioShares(FileSystemProvider provider) {
        this.provider = provider;
    }

    @Override
    public Set<String> schemes() {
        return Set.of(provider.getScheme());
    }

    @Override
    public boolean needsNetwork(URI share) {
        return share.getAuthority() != null;
    }

    @Override
    public FileSystem open(URI share, ShareSettings settings) throws IOException {
        String scheme = provider.getScheme();
        Set<String> known = KNOWN.get(scheme);
        if (known != null) {
            settings.requireKnown(known);
        }
        Map<String, Object> environment = new HashMap<>(settings.options());
        if (scheme.equals(ARCHIVES)) {
            environment.putIfAbsent("enablePosixFileAttributes", "true");
            // what was written lies in files until the archive is closed; otherwise it would lie in the heap
            environment.putIfAbsent("useTempFile", "true");
            if (settings.readOnly()) {
                environment.put(ACCESS, "readOnly");
            }
        }
        java.nio.file.FileSystem files;
        try {
            files = provider.newFileSystem(share, environment);
        } catch (UnsupportedOperationException none) {
            throw new IOException("this provider of files opens nothing by a URI", none);
        }
        try {
            return new Opened(PathFileSystem.of(root(files, share), options(files, share, settings)), files);
        } catch (IOException | RuntimeException failed) {
            files.close();
            throw failed;
        }
    }

    private PathOptions options(java.nio.file.FileSystem files, URI share, ShareSettings settings) {
        return PathOptions.of(root(files, share))
                .withReadOnly(settings.readOnly() || files.isReadOnly())
                .withBounds(settings.sessions(), settings.nodeMemory(), MOST_OPEN)
                .withStaging(settings.stagingFolder(), settings.stagingBytes());
    }

    /** What the URI names inside; its first root if it names nothing. */
    private Path root(java.nio.file.FileSystem files, URI share) {
        try {
            return provider.getPath(share);
        } catch (IllegalArgumentException namesTheWhole) {
            return files.getRootDirectories().iterator().next();
        }
    }

    /** The share, and what has to be closed after it. */
    private record Opened(FileSystem share, java.nio.file.FileSystem files) implements FileSystem {
        private static final System.Logger LOG = System.getLogger("dev.oriel.app");

        @Override
        public FileSystemSession begin(long offered) {
            return share.begin(offered);
        }

        @Override
        public void close() {
            share.close();
            try {
                files.close();
            } catch (IOException | RuntimeException lost) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "the share could not be closed, and may lack changes: {0}",
                        lost.toString());
            }
        }
    }
}

package dev.oriel.app.plugin;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.ShareProvider;
import dev.oriel.filesystem.ShareSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.spi.FileSystemProvider;
import java.util.Set;

/** Any provider of java.nio.file, as a share. */
final class NioShares implements ShareProvider {
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
        throw new IOException("not served yet");
    }
}

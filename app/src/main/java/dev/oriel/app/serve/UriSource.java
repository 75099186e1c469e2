package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.ShareProvider;
import dev.oriel.filesystem.ShareSettings;
import dev.oriel.filesystem.layer.CacheRules;
import dev.oriel.filesystem.layer.CachedView;
import dev.oriel.filesystem.layer.ReadOnlyView;
import dev.oriel.filesystem.layer.WithoutXattrs;
import dev.oriel.filesystem.local.FileHandlePolicy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a URI names.
 *
 * @param rules what guests may keep
 * @param xattr whether they see extended attributes
 * @param written the folders of this host beneath which it writes
 */
record UriSource(
        URI share, ShareProvider provider, ShareSettings settings, CacheRules rules, boolean xattr, List<Path> written)
        implements Source {

    /** Without the password that a URI may hold. */
    @Override
    public String described() {
        return ShareChoice.shown(share);
    }

    @Override
    public boolean readOnly() {
        return settings.readOnly();
    }

    @Override
    public FileHandlePolicy handles() {
        return FileHandlePolicy.NEVER;
    }

    @Override
    public boolean network() {
        return provider.needsNetwork(share);
    }

    @Override
    public FileSystem open() throws CommandFailed {
        FileSystem seen;
        try {
            seen = provider.open(share, settings);
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("--share " + described() + ": " + wrong.getMessage(), wrong);
        } catch (IOException refused) {
            String reason = refused.getMessage() == null ? refused.toString() : refused.getMessage();
            throw new CommandFailed("--share " + described() + ": cannot be opened: " + reason, refused);
        } catch (RuntimeException | Error broken) {
            throw new CommandFailed("--share " + described() + ": what opens it has a fault: " + broken, broken);
        }
        if (!xattr) {
            seen = new WithoutXattrs(seen);
        }
        if (settings.readOnly()) {
            seen = new ReadOnlyView(seen);
        }
        return new CachedView(seen, rules);
    }

    /** What a plug-in needs, it has in one place only: where it was told. */
    @Override
    public Optional<FileSystem> elsewhere(Path folder) {
        return Optional.empty();
    }
}

package dev.oriel.app.plugin;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.filesystem.ShareProvider;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The kinds of shares that there are, by the schemes of URIs. */
public final class ShareKinds {
    /** The host's own files: a folder of them is shared in another way. */
    private static final String LOCAL = "file";

    /** What the launcher fetches a plug-in for, when it is wanted (scripts/shares.sh). */
    private static final List<String> FETCHED = List.of("hdfs", "webhdfs", "swebhdfs", "viewfs", "har", "s3a", "sftp");

    private final Map<String, ShareProvider> providers = new TreeMap<>();

    private ShareKinds() {}

    /**
     * Looks for all kinds: Oriel's own, those of plug-ins, and providers of java.nio.file.
     *
     * @throws CommandFailed if a plug-in cannot be used
     */
    public static ShareKinds find() throws CommandFailed {
        ShareKinds kinds = new ShareKinds();
        try {
            List<ClassLoader> loaders = new ArrayList<>(PlugIns.loaders());
            for (ShareProvider provider : ServiceLoader.load(ShareProvider.class)) {
                kinds.add(provider.schemes(), provider);
            }
            for (ClassLoader loader : loaders) {
                for (ShareProvider provider : ServiceLoader.load(ShareProvider.class, loader)) {
                    kinds.add(provider.schemes(), provider);
                }
            }
            // after those that know Oriel: they know better what they are
            for (FileSystemProvider provider : FileSystemProvider.installedProviders()) {
                kinds.add(Set.of(provider.getScheme()), new NioShares(provider));
            }
            for (ClassLoader loader : loaders) {
                for (FileSystemProvider provider : ServiceLoader.load(FileSystemProvider.class, loader)) {
                    kinds.add(Set.of(provider.getScheme()), new NioShares(provider));
                }
            }
        } catch (ServiceConfigurationError | LinkageError unusable) {
            throw new CommandFailed("a plug-in cannot be used: " + unusable.getMessage(), unusable);
        }
        return kinds;
    }

    private void add(Set<String> schemes, ShareProvider provider) {
        for (String scheme : schemes) {
            providers.putIfAbsent(scheme.toLowerCase(Locale.ROOT), provider);
        }
    }

    /** What opens shares of a scheme; null if nothing does. */
    public @Nullable ShareProvider provider(String scheme) {
        String wanted = scheme.toLowerCase(Locale.ROOT);
        return wanted.equals(LOCAL) ? null : providers.get(wanted);
    }

    /** All schemes, with a comma between them. */
    public String schemes() {
        Set<String> schemes = new TreeSet<>(providers.keySet());
        schemes.add(LOCAL);
        schemes.addAll(FETCHED);
        return String.join(", ", schemes);
    }
}

package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.plugin.ShareKinds;
import dev.oriel.filesystem.ShareProvider;
import dev.oriel.filesystem.ShareSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** The options of {@code oriel serve} that say what is shared. */
final class ShareChoice {
    private static final String LOCAL = "file";
    private static final String ARCHIVE = "jar:file:";

    private static final String OWN = "oriel.";
    private static final String STAGING_FOLDER = OWN + "staging-folder";
    private static final String STAGING_SIZE = OWN + "staging-size";
    private static final List<String> OWN_OPTIONS = List.of(STAGING_FOLDER, STAGING_SIZE);
    private static final String STAGING_MEBIBYTES = "256";

    /** Of the authority of a URI: what stands between the user's name and the host. */
    private static final Pattern PASSWORD = Pattern.compile("(//[^/@:]*):[^/@]*@");

    @Option(names = "--shared-dir", paramLabel = "DIR", description = "The directory to share.")
    private @Nullable Path sharedDir;

    @Option(
            names = "--share",
            paramLabel = "URI",
            description =
                    "Instead: what a URI names, as hdfs://HOST/DIR, sftp://USER@HOST/DIR, jar:file:///FILE.zip!/ or"
                            + " virtiofs:///SOCKET!/. See docs/serving.md.")
    private @Nullable String share;

    @Option(
            names = "--share-option",
            paramLabel = "KEY=VALUE",
            description = "An option for what opens --share; several times for several. "
                    + STAGING_SIZE + "=MIB (default: " + STAGING_MEBIBYTES + ") and " + STAGING_FOLDER
                    + "=DIR (default: memory) are for what cannot be written at random.")
    private List<String> shareOptions = List.of();

    /** A URI as it may be shown: without a password. */
    static String shown(URI uri) {
        return PASSWORD.matcher(uri.toString()).replaceFirst("$1@");
    }

    /**
     * The directory, or null if it is a URI that says what is shared.
     *
     * @throws IllegalArgumentException if not exactly one thing was said, and saying what is valid
     */
    @Nullable
    Path directory() {
        if (sharedDir != null && share != null) {
            throw new IllegalArgumentException("--shared-dir and --share exclude each other: there is one share");
        }
        if (sharedDir == null && share == null) {
            throw new IllegalArgumentException("say what to share: --shared-dir DIR (or --share URI)");
        }
        if (share == null && !shareOptions.isEmpty()) {
            throw new IllegalArgumentException("--share-option: a directory has no such options; they are for --share");
        }
        if (sharedDir != null) {
            return sharedDir;
        }
        URI uri = uri();
        if (!LOCAL.equals(scheme(uri))) {
            return null;
        }
        if (!shareOptions.isEmpty()) {
            throw new IllegalArgumentException("--share-option: a directory has no such options");
        }
        try {
            return Path.of(uri);
        } catch (IllegalArgumentException invalid) {
            throw new IllegalArgumentException("--share " + share + ": " + invalid.getMessage(), invalid);
        }
    }

    /** What was typed; there must be one. */
    URI uri() {
        try {
            URI uri = new URI(String.valueOf(share));
            if (uri.getScheme() == null) {
                throw new IllegalArgumentException(
                        "--share " + share
                                + ": a URI begins with a scheme and a colon, as in hdfs://HOST/DIR; a directory is --shared-dir");
            }
            return uri;
        } catch (URISyntaxException invalid) {
            throw new IllegalArgumentException("--share: this is no URI: " + invalid.getReason(), invalid);
        }
    }

    private static String scheme(URI uri) {
        return uri.getScheme().toLowerCase(Locale.ROOT);
    }

    /**
     * What opens the URI.
     *
     * @throws IllegalArgumentException if nothing does, saying what there is
     */
    ShareProvider provider() throws CommandFailed {
        URI uri = uri();
        ShareKinds kinds = ShareKinds.find();
        ShareProvider provider = kinds.provider(scheme(uri));
        if (provider == null) {
            throw new IllegalArgumentException("--share " + shown(uri) + ": nothing opens '" + uri.getScheme()
                    + ":'; there are " + kinds.schemes()
                    + ". A plug-in adds more: a folder of jars, in a folder that ORIEL_PLUGINS names in the environment"
                    + " (docs/serving.md)");
        }
        return provider;
    }

    /**
     * The options for what opens the URI.
     *
     * @throws IllegalArgumentException if one is no pair, or is there twice
     */
    Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        for (String option : shareOptions) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("--share-option '" + option + "': it is KEY=VALUE");
            }
            String key = option.substring(0, equals);
            if (key.startsWith(OWN) && !OWN_OPTIONS.contains(key)) {
                throw new IllegalArgumentException("--share-option " + key + ": unknown; of Oriel's own there are "
                        + String.join(", ", OWN_OPTIONS));
            }
            if (options.put(key, option.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("--share-option " + key + " was given twice");
            }
        }
        return options;
    }

    /**
     * The settings for what opens the URI.
     *
     * @throws IllegalArgumentException saying which option is wrong and what is valid
     */
    ShareSettings settings(boolean readOnly, long nodeMemory) {
        Map<String, String> options = options();
        String size = options.getOrDefault(STAGING_SIZE, STAGING_MEBIBYTES);
        options.remove(STAGING_SIZE);
        if (!size.matches("[1-9][0-9]{0,8}")) {
            throw new IllegalArgumentException(
                    "--share-option " + STAGING_SIZE + "=" + size + ": it is a number of MiB, from 1");
        }
        return new ShareSettings(
                options,
                readOnly,
                nodeMemory,
                Server.MOST_CONNECTIONS,
                stagingFolder(options),
                Long.parseLong(size) << 20);
    }

    private static @Nullable Path stagingFolder(Map<String, String> options) {
        String folder = options.remove(STAGING_FOLDER);
        if (folder == null) {
            return null;
        }
        Path path = Path.of(folder);
        if (!path.isAbsolute() || !Files.isDirectory(path)) {
            throw new IllegalArgumentException(
                    "--share-option " + STAGING_FOLDER + "=" + folder + ": it is the absolute path of a directory");
        }
        return path;
    }

    /**
     * The folders of this host that are written, outside of a sandbox and in it: an archive is written anew beside the
     * old one.
     */
    List<Path> written(boolean readOnly) {
        List<Path> written = new ArrayList<>();
        Path staging = stagingFolder(options());
        if (staging != null) {
            written.add(staging);
        }
        String archive = uri().toString();
        if (!archive.startsWith(ARCHIVE) || readOnly) {
            return written;
        }
        int end = archive.indexOf("!/");
        Path file = Path.of(
                URI.create(archive.substring(ARCHIVE.length() - "file:".length(), end < 0 ? archive.length() : end)));
        Path folder = file.getParent();
        if (folder != null) {
            written.add(folder);
        }
        return written;
    }

    /**
     * Refuses options that only a directory can have.
     *
     * @param ofDirectories a mixin with all of them
     * @throws IllegalArgumentException naming those that were typed
     */
    static void refuse(ParseResult typed, CommandSpec ofDirectories) {
        TreeSet<String> refused = new TreeSet<>();
        for (OptionSpec option : typed.matchedOptions()) {
            if (ofDirectories.optionsMap().containsKey(option.longestName())) {
                refused.add(option.longestName());
            }
        }
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException(String.join(", ", refused)
                    + ": only a directory of this host can have that; leave it out with --share");
        }
    }
}

package dev.oriel.app.serve;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a server sees of the host ({@code --sandbox}). The launcher puts the process there before Java starts, since
 * Linux lets only a process with one thread enter a user namespace, and tells by a system property what it did.
 */
public enum Sandbox {
    /** Namespaces of its own, and a root that holds what it needs and the share. */
    NAMESPACE,
    /** The same root, by chroot(2). */
    CHROOT,
    /** All that its user sees. */
    NONE;

    /** Set by {@code scripts/sandbox.sh}. */
    private static final String PROPERTY = "oriel.sandbox";

    // Where scripts/enter.sh lays what was named on the command line.
    private static final Path SHARE = Path.of("/share");
    private static final Path SOCKET_FOLDER = Path.of("/socket");

    /** The one that this process is in. */
    static Sandbox entered() {
        String entered = System.getProperty(PROPERTY);
        return entered == null ? NONE : valueOf(entered.toUpperCase(Locale.ROOT));
    }

    /** Where the shared directory is. */
    Path share(Path named) {
        return this == NONE ? named : SHARE;
    }

    /** Where the folder of the socket is. */
    Path socketFolder(Path named) {
        return this == NONE ? named : SOCKET_FOLDER;
    }

    /** Where the socket is made. */
    @Nullable
    Path socket(@Nullable Path named) {
        Path name = named == null ? null : named.getFileName();
        return this == NONE || name == null ? named : SOCKET_FOLDER.resolve(name);
    }

    /**
     * Where another socket is made.
     *
     * @param folder what {@code scripts/enter.sh} calls its folder
     */
    Path socket(String folder, Path named) {
        Path name = named.getFileName();
        return this == NONE || name == null ? named : Path.of("/", folder).resolve(name);
    }

    /** As it is typed. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

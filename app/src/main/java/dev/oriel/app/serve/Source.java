package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.local.FileHandlePolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What is served: a directory of this host, or what a URI names. */
interface Source {
    /** As it is told to who started the server. */
    String described();

    /** Whether guests can change nothing. */
    boolean readOnly();

    /** How files of this host are remembered. */
    FileHandlePolicy handles();

    /** The folders of this host beneath which the server writes, as this process sees them. */
    List<Path> written();

    /** Whether the server reaches it over a network. */
    boolean network();

    /**
     * Opens it.
     *
     * @return the caller's, who closes it
     * @throws CommandFailed saying what stands in the way
     * @throws IllegalArgumentException saying what is wrong with what was typed, and what is valid
     */
    FileSystem open() throws CommandFailed;

    /**
     * A folder of this host, shown in the same way, for practice.
     *
     * @return the caller's, who closes it; empty if what is served is of another kind
     * @throws CommandFailed saying what stands in the way
     */
    Optional<FileSystem> elsewhere(Path folder) throws CommandFailed;
}

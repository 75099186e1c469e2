package dev.oriel.filesystem.path;

import dev.oriel.filesystem.CachePolicy;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link PathFileSystem} is served.
 *
 * @param readOnly whether clients can change nothing
 * @param cache how long clients may trust what they know
 * @param wholeFiles whether a file can only be read from its beginning and written as a whole: then it is staged
 * @param sessions clients among which nodes and open files are shared out
 * @param nodeMemory bytes of heap for the nodes and listed names of all clients
 * @param openFiles how many files and directories all clients may have open
 * @param stagingFolder a local directory for staged bytes; null for memory
 * @param stagingBytes the bound of staged bytes
 * @param daxMinSize the size in bytes from which on files are best read through a DAX window, if the client has one and
 *     leaves the choice to the server
 */
public record PathOptions(
        boolean readOnly,
        CachePolicy cache,
        boolean wholeFiles,
        int sessions,
        long nodeMemory,
        int openFiles,
        @Nullable Path stagingFolder,
        long stagingBytes,
        long daxMinSize) {
    private static final long DEFAULT_DAX_MIN_SIZE = 512 << 10;

    /** What is good for the files beneath {@code root}: zip archives of the JDK have whole files only. */
    public static PathOptions of(Path root) {
        boolean wholeFiles = root.getFileSystem().provider().getScheme().equals("jar");
        boolean readOnly = root.getFileSystem().isReadOnly();
        return new PathOptions(
                readOnly, CachePolicy.AUTO, wholeFiles, 64, 256L << 20, 16384, null, 1L << 30, DEFAULT_DAX_MIN_SIZE);
    }

    /** The same, read-only or not. */
    public PathOptions withReadOnly(boolean value) {
        return new PathOptions(
                value, cache, wholeFiles, sessions, nodeMemory, openFiles, stagingFolder, stagingBytes, daxMinSize);
    }

    /** The same with another policy of caches. */
    public PathOptions withCache(CachePolicy value) {
        return new PathOptions(
                readOnly, value, wholeFiles, sessions, nodeMemory, openFiles, stagingFolder, stagingBytes, daxMinSize);
    }

    /** The same, with files that are staged or not. */
    public PathOptions withWholeFiles(boolean value) {
        return new PathOptions(
                readOnly, cache, value, sessions, nodeMemory, openFiles, stagingFolder, stagingBytes, daxMinSize);
    }

    /** The same with other bounds of what clients may know and open. */
    public PathOptions withBounds(int clients, long memory, int files) {
        return new PathOptions(
                readOnly, cache, wholeFiles, clients, memory, files, stagingFolder, stagingBytes, daxMinSize);
    }

    /** The same with another place and bound of staged bytes. */
    public PathOptions withStaging(@Nullable Path folder, long bytes) {
        return new PathOptions(readOnly, cache, wholeFiles, sessions, nodeMemory, openFiles, folder, bytes, daxMinSize);
    }

    /** The same with another size from which on files are read through a window. */
    public PathOptions withDaxMinSize(long value) {
        return new PathOptions(
                readOnly, cache, wholeFiles, sessions, nodeMemory, openFiles, stagingFolder, stagingBytes, value);
    }
}

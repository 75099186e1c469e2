package dev.oriel.filesystem;

/**
 * Something that can be served to a FUSE client: a host directory, or a file system of your own.
 *
 * <p>One {@code FileSystem} may be served to several clients at once; each client's {@code FUSE_INIT} begins a {@link
 * FileSystemSession} of its own, which holds everything that the client was given (inodes, handles, locks).
 */
@FunctionalInterface
public interface FileSystem extends AutoCloseable {

    /**
     * Begins a session. Called once for each {@code FUSE_INIT}, on a thread that may block.
     *
     * @param offered the {@code FUSE_*} INIT flags that the client offers, {@code flags | flags2 << 32}
     * @return the session; its {@link FileSystemSession#flags()} are a subset of {@code offered}
     */
    FileSystemSession begin(long offered);

    /** Releases what the file system itself holds, by default nothing. All its sessions have been closed by then. */
    @Override
    default void close() {}
}

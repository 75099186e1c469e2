package dev.oriel.filesystem;

import dev.oriel.fuse.FuseFlags;

/**
 * How long the client may trust what it has cached, in the terms of virtiofsd's {@code --cache}.
 *
 * <p>A Linux guest gets no notification of changes (it never negotiates VIRTIO_FS_F_NOTIFICATION), so these times are
 * the only bound on how old its view can be.
 */
public enum CachePolicy {
    /** Names and attributes for a second, data until the file is opened again or its attributes say that it changed. */
    AUTO(1, 0, 0),

    /** Everything for a day: for a tree that only this client changes. */
    ALWAYS(86400, FuseFlags.FOPEN_KEEP_CACHE, FuseFlags.FOPEN_KEEP_CACHE | FuseFlags.FOPEN_CACHE_DIR),

    /** Names and attributes for a day, data not at all. */
    METADATA(
            86400,
            FuseFlags.FOPEN_DIRECT_IO | FuseFlags.FOPEN_PARALLEL_DIRECT_WRITES,
            FuseFlags.FOPEN_KEEP_CACHE | FuseFlags.FOPEN_CACHE_DIR),

    /** Nothing. */
    NEVER(0, FuseFlags.FOPEN_DIRECT_IO | FuseFlags.FOPEN_PARALLEL_DIRECT_WRITES, 0);

    private static final long NANOS_OF_SECOND = 1_000_000_000;

    private final long validNanos;
    private final int fileOpenFlags;
    private final int directoryOpenFlags;

    CachePolicy(long validSeconds, int fileOpenFlags, int directoryOpenFlags) {
        this.validNanos = validSeconds * NANOS_OF_SECOND;
        this.fileOpenFlags = fileOpenFlags;
        this.directoryOpenFlags = directoryOpenFlags;
    }

    /** For how long names and attributes are good, ns. */
    public long validNanos() {
        return validNanos;
    }

    /** The {@code FOPEN_*} flags of an open file. */
    public int fileOpenFlags() {
        return fileOpenFlags;
    }

    /** The {@code FOPEN_*} flags of an open directory. */
    public int directoryOpenFlags() {
        return directoryOpenFlags;
    }

    /** Whether attributes outlive the moment by so much that symbolic links may be cached with them. */
    public boolean cachesLinks() {
        return this == ALWAYS || this == METADATA;
    }

    /** Whether the client may remember that there is no such name. */
    public boolean cachesAbsence() {
        return this == ALWAYS || this == METADATA;
    }
}

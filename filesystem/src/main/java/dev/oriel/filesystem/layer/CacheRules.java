package dev.oriel.filesystem.layer;

/**
 * What a client may keep of a file system that has no rules of its own for that.
 *
 * @param validNanos for how long names and attributes are good, ns
 * @param fileOpenFlags the {@code FOPEN_*} flags of an open file
 * @param directoryOpenFlags the {@code FOPEN_*} flags of an open directory
 * @param allowMmap whether files that are not cached may be mapped shared ({@code FUSE_DIRECT_IO_ALLOW_MMAP})
 * @param readdirplus whether directories are read with the attributes of their entries
 */
public record CacheRules(
        long validNanos, int fileOpenFlags, int directoryOpenFlags, boolean allowMmap, boolean readdirplus) {}

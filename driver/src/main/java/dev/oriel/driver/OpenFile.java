package dev.oriel.driver;

/**
 * An open file or directory of the device, until it is released.
 *
 * @param nodeid the node
 * @param fh the handle
 * @param openFlags {@code FOPEN_*} of {@link dev.oriel.fuse.FuseFlags}
 */
public record OpenFile(long nodeid, long fh, int openFlags) {}

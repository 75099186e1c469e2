package dev.oriel.driver;

/**
 * An open file or directory of the device, until it is released.
 *
 * @param nodeid the node
 * @param fh the handle
 * @param openFlags {@code FOPEN_*} of {@link dev.oriel.fuse.FuseFlags}
 * @param appends whether it was opened with {@code O_APPEND}: what is written goes to its end, wherever that is by then
 */
public record OpenFile(long nodeid, long fh, int openFlags, boolean appends) {}

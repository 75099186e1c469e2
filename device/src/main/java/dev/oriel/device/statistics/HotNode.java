package dev.oriel.device.statistics;

/**
 * A file or directory that many of the last requests were about.
 *
 * @param nodeid as the client knows it
 * @param path where it is, or {@code node N} if that cannot be told
 * @param percent its part of the last requests, of which one in sixteen is looked at
 */
public record HotNode(long nodeid, String path, int percent) {}

package dev.oriel.filesystem.path;

/**
 * A name of a node: equal to another one of the same name in the same node.
 *
 * @param parent its directory
 */
record PathLink(PathNode parent, String name) {}

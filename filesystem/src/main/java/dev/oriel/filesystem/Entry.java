package dev.oriel.filesystem;

/**
 * The answer to a LOOKUP, and to all that makes a name: the node, its attributes, and how long the client may remember
 * the name. A plain value, used as {@link Attributes} are.
 */
public final class Entry {
    /** The node; 0 stands for "there is no such name", which the client may remember for {@link #validNanos}. */
    public long nodeid;

    /** Together with {@link #nodeid} this is unique for the life of the file system. */
    public long generation;

    /** How long the client may remember that the name leads to the node, ns. */
    public long validNanos;

    /** The node's attributes. */
    public final Attributes attributes = new Attributes();

    /** Sets everything to zero. */
    public void clear() {
        nodeid = 0;
        generation = 0;
        validNanos = 0;
        attributes.clear();
    }
}

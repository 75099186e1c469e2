package dev.oriel.filesystem.node;

/**
 * What a {@link InodeTable} holds beside the record of a node that needs it: a name, a path, a long file handle. Not
 * changed once it is there.
 */
public interface Aside {
    /** Bytes of heap that it costs, of the allowance of the table. */
    long heapBytes();
}

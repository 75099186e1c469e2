package dev.oriel.filesystem;

/** What one client holds of a file system, and how much more it may take. A plain value, filled by any thread. */
public final class Usage {
    /** Nodes that the client knows, beside the root. */
    public long nodes;

    /** Heap that its nodes and names take of its budget, bytes: a few hundred nodes are free. */
    public long nodeMemory;

    /** How much more it could take now, bytes. */
    public long nodeMemoryLeft;

    /** Files and directories that it has open, and owners of locks. */
    public long openFiles;

    /** How many more it could open now. */
    public long openFilesLeft;

    /** Descriptors of nodes that are kept open, to be used again. */
    public long cachedDescriptors;

    /** Bytes of files that are staged, for all clients of the share. */
    public long staged;

    /** The bound of {@link #staged}; 0: nothing is staged. */
    public long stagedLimit;

    /** Sets everything to zero. */
    public void clear() {
        nodes = 0;
        nodeMemory = 0;
        nodeMemoryLeft = 0;
        openFiles = 0;
        openFilesLeft = 0;
        cachedDescriptors = 0;
        staged = 0;
        stagedLimit = 0;
    }
}

package dev.oriel.hadoop;

import org.apache.hadoop.fs.Path;

/** Where an open file is: by its inode where that is told, and by its name elsewhere. Any thread. */
final class Place {
    private final Cluster cluster;
    private final long inode;
    private volatile Object key;
    private volatile Path path;
    private volatile Path folder;

    /**
     * @param node as it is found by whom opens it first
     * @param key what it is found by
     */
    Place(Cluster cluster, HadoopNode node, Object key) {
        this.cluster = cluster;
        this.key = key;
        inode = node.inode;
        path = cluster.path(node);
        HadoopNode parent = node.parent();
        folder = cluster.path(parent == null ? node : parent);
    }

    Object key() {
        return key;
    }

    Path path() {
        return inode != 0 ? cluster.inodePath(inode) : path;
    }

    /** Where a temporary file may be made that can be renamed to it. */
    Path folder() {
        return folder;
    }

    /** The inode, as guests know it; 0 if it is not told. */
    long inode() {
        return inode;
    }

    /** It has another name now, in another folder perhaps. */
    void moved(Path to, Path newFolder) {
        key = to.toString();
        path = to;
        folder = newFolder;
    }

    /** It lies in another folder now. */
    void moved(Path newFolder) {
        folder = newFolder;
    }
}

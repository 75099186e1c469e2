package dev.oriel.hadoop;

import org.jspecify.annotations.Nullable;

/**
 * What a client knows of a file or directory. Where the cluster tells inodes it is found by that, wherever it is moved;
 * elsewhere, and in snapshots, by the names that lead to it.
 */
final class HadoopNode {
    /** What one costs, with its entries in three tables, beside its name. */
    private static final long BYTES = 300;

    /** Nobody wants to read longer ones; and directories that are moved meanwhile could lead in a circle. */
    private static final int MOST_PATH = 4096;

    final long nodeid;

    /** The inode as guests know it; 0 if it is found by its names. */
    final long inode;

    /** What stat(2) tells. */
    final long ino;

    /** {@code S_IF*}. */
    final int type;

    /** Whether it is beneath {@code .snapshot}. */
    final boolean inSnapshot;

    /** Lookups that the client owes; by its table. */
    long lookups;

    /** Bytes that its table has taken for it of what the client may have. */
    long counted;

    /** Where it was found last; null for the root. */
    private volatile @Nullable HadoopNode parent;

    private volatile String name;

    HadoopNode(
            long nodeid, long inode, long ino, int type, boolean inSnapshot, @Nullable HadoopNode parent, String name) {
        this.nodeid = nodeid;
        this.inode = inode;
        this.ino = ino;
        this.type = type;
        this.inSnapshot = inSnapshot;
        this.parent = parent;
        this.name = name;
    }

    @Nullable
    HadoopNode parent() {
        return parent;
    }

    String name() {
        return name;
    }

    synchronized void moved(HadoopNode to, String newName) {
        parent = to;
        name = newName;
    }

    /** Where it was found last, for people; null if that cannot be told at the moment. */
    @Nullable
    String path() {
        StringBuilder path = new StringBuilder();
        HadoopNode node = this;
        for (HadoopNode above = node.parent; above != null; above = node.parent) {
            path.insert(0, node.name).insert(0, '/');
            if (path.length() > MOST_PATH) {
                return null;
            }
            node = above;
        }
        return path.isEmpty() ? "/" : path.toString();
    }

    static long heapBytes(String name) {
        return BYTES + name.length();
    }

    long heapBytes() {
        return heapBytes(name);
    }
}

package dev.oriel.filesystem.path;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file or directory that a client knows. Its path follows from its name and its parent's, so what is renamed keeps
 * its node, and so does all beneath it. {@link PathNodes} changes it; others read.
 */
final class PathNode {
    /** Longer than any path that a provider takes. */
    private static final int MOST_DEPTH = 4096;

    /** {@code S_IF*}. */
    final int type;

    /** The inode number that clients are told. */
    final long ino;

    final @Nullable Object key;

    /** Tells it from all others in the table of the session. */
    final long id;

    /** Its names, the last that was seen first; none if it is removed. */
    volatile List<PathLink> links = List.of();

    /** What the client knows it by, while it does. */
    volatile long nodeid;

    /** How many names of nodes are in it. */
    int children;

    /** Whether the client knows nothing of it any more. */
    boolean isDropped;

    /** When it was found to be no link, {@link System#nanoTime}, and how many had been made by then. */
    volatile long checkedAt;

    volatile long checkedLinks = -1;

    PathNode(int type, long ino, long id, @Nullable Object key) {
        this.type = type;
        this.ino = ino;
        this.id = id;
        this.key = key;
    }

    /** The directory of its name; null for the root, and for what is removed. */
    @Nullable
    PathNode parent() {
        List<PathLink> names = links;
        return names.isEmpty() ? null : names.getFirst().parent();
    }

    /**
     * The names and nodes that lead to it from the root, in order.
     *
     * @param root of the session
     * @return null if it, or a directory above it, is removed
     */
    @Nullable
    Deque<PathNode> way(PathNode root) {
        Deque<PathNode> way = new ArrayDeque<>();
        PathNode node = this;
        while (node != root) {
            way.addFirst(node);
            PathNode parent = node.parent();
            if (parent == null || way.size() > MOST_DEPTH) {
                return null;
            }
            node = parent;
        }
        return way;
    }

    /** Its path, for people; null if it, or a directory above it, is removed, or it is longer than a path may be. */
    @Nullable
    String path(PathNode root) {
        StringBuilder path = new StringBuilder();
        PathNode node = this;
        while (node != root) {
            List<PathLink> names = node.links;
            if (names.isEmpty() || path.length() > MOST_DEPTH) {
                return null;
            }
            path.insert(0, names.getFirst().name()).insert(0, '/');
            node = names.getFirst().parent();
        }
        return path.isEmpty() ? "/" : path.toString();
    }

    /** Whether {@code other} is it, or beneath it. */
    boolean contains(PathNode other) {
        PathNode node = other;
        for (int i = 0; node != null && i < MOST_DEPTH; i++) {
            if (node == this) {
                return true;
            }
            node = node.parent();
        }
        return false;
    }
}

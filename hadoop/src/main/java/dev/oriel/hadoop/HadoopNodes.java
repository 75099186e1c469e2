package dev.oriel.hadoop;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.node.Allowance;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that a client knows, each for as long as it owes lookups of it. For all threads; its lock is held for a few
 * instructions.
 */
final class HadoopNodes {
    /** What a node is known by: its inode, or its name in a directory. */
    private record Name(long parent, String name) {}

    private final Cluster cluster;
    private final Allowance memory;
    private final Map<Long, HadoopNode> byNumber = new HashMap<>();
    private final Map<Object, HadoopNode> byKey = new HashMap<>();
    private final HadoopNode root;
    private long last = FileSystemSession.ROOT;

    /** Inode numbers of files that are not any more where their numbers come from. */
    private final Set<Long> away = new HashSet<>();

    /** @param memory bytes of heap */
    HadoopNodes(Cluster cluster, Allowance memory) {
        this.cluster = cluster;
        this.memory = memory;
        root = new HadoopNode(
                FileSystemSession.ROOT, cluster.rootInode(), cluster.rootIno(), Modes.DIRECTORY, false, null, "");
        if (root.inode != 0) {
            byKey.put(root.inode, root);
        }
    }

    HadoopNode root() {
        return root;
    }

    /** How many nodes the client knows beside the root. */
    synchronized int size() {
        return byNumber.size();
    }

    /** The node of this number; null if the client does not know it. */
    synchronized @Nullable HadoopNode get(long nodeid) {
        return nodeid == FileSystemSession.ROOT ? root : byNumber.get(nodeid);
    }

    /**
     * Finds or makes the node of an entry, and counts a lookup.
     *
     * @return null if there is no memory for it
     */
    @Nullable
    HadoopNode enter(HadoopNode parent, String name, FileStatus status) {
        boolean inSnapshot = parent.inSnapshot || name.equals(Cluster.SNAPSHOTS);
        long inode = inSnapshot ? 0 : cluster.inode(status);
        Object key = inode != 0 ? inode : new Name(parent.nodeid, name);
        int type = Modes.type(status);
        synchronized (this) {
            HadoopNode node = byKey.get(key);
            if (node != null && node.type != type) {
                byKey.remove(key); // another file by the same name
                node = null;
            }
            if (node == null) {
                if (!memory.take(HadoopNode.heapBytes(name))) {
                    return null;
                }
                long ino = inode != 0 ? inode : Cluster.inoOf(cluster.child(parent, name));
                for (int i = 0; inode == 0 && away.contains(ino); i++) {
                    ino = Cluster.another(ino, i);
                }
                node = new HadoopNode(++last, inode, ino, type, inSnapshot, parent, name);
                node.counted = node.heapBytes();
                byKey.put(key, node);
                byNumber.put(node.nodeid, node);
            } else if (inode != 0 && node != root) {
                node.moved(parent, name);
                recount(node);
            }
            if (node != root) {
                node.lookups++;
            }
            return node;
        }
    }

    private static Object keyOf(HadoopNode node) {
        HadoopNode parent = node.parent();
        return node.inode != 0 ? node.inode : new Name(parent == null ? 0 : parent.nodeid, node.name());
    }

    /** A node has another name: where there is no memory for a longer one, it stays counted as it was. */
    private void recount(HadoopNode node) {
        long more = node.heapBytes() - node.counted;
        if (more < 0) {
            memory.give(-more);
        }
        if (more <= 0 || memory.tryTake(more)) {
            node.counted += more;
        }
    }

    /** A name leads to another place now. */
    synchronized void moved(HadoopNode fromParent, String from, HadoopNode toParent, String to) {
        Name toKey = new Name(toParent.nodeid, to);
        HadoopNode replaced = byKey.remove(toKey);
        HadoopNode node = byKey.remove(new Name(fromParent.nodeid, from));
        goesAway(replaced);
        goesAway(node);
        if (node != null) {
            node.moved(toParent, to);
            recount(node);
            byKey.put(toKey, node);
        } else if (replaced != null && replaced.inode != 0) {
            byKey.put(toKey, replaced);
        }
    }

    /** A name is gone: what is made by it is another file. */
    synchronized void removed(HadoopNode parent, String name) {
        goesAway(byKey.remove(new Name(parent.nodeid, name)));
    }

    /** What gets its name is another file, and so has another number. */
    private void goesAway(@Nullable HadoopNode node) {
        if (node != null && node.inode == 0) {
            boolean _ = away.add(node.ino);
        }
    }

    synchronized void forget(long nodeid, long lookups) {
        HadoopNode node = byNumber.get(nodeid);
        if (node == null) {
            return;
        }
        node.lookups = Long.compareUnsigned(lookups, node.lookups) >= 0 ? 0 : node.lookups - lookups;
        if (node.lookups == 0) {
            byNumber.remove(nodeid);
            boolean _ = byKey.remove(keyOf(node), node);
            if (node.inode == 0) {
                boolean _ = away.remove(node.ino);
            }
            memory.give(node.counted);
        }
    }
}

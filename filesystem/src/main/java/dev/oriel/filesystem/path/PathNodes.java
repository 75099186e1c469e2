package dev.oriel.filesystem.path;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Aside;
import dev.oriel.filesystem.node.InodeKind;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.FileMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that one client knows, by nodeid, by name, and by the key of the provider where it has one. A node that the
 * client has forgotten stays while something in it is known.
 *
 * <p>For all threads. Its lock is held for a few instructions, never while the provider is asked.
 */
final class PathNodes {
    /** Heap of a node: its objects, and its places in the maps. */
    private static final int NODE_BYTES = 400;

    /** Names of one file that are remembered. */
    private static final int MOST_LINKS = 8;

    /** A node beside its record in the table; its bytes are counted with the node, which may live longer. */
    private record Beside(PathNode node) implements Aside {
        @Override
        public long heapBytes() {
            return 0;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Allowance memory;
    private final AtomicLong numbers;
    private final InodeTable table;
    private final Map<PathLink, PathNode> byLink = new HashMap<>();
    private final Map<Object, PathNode> byKey = new HashMap<>();
    private final PathNode root;
    private long lastId;

    /**
     * @param memory bytes of heap
     * @param numbers the last inode number that was given out
     * @param key the root's, null if the provider has none
     */
    PathNodes(Allowance memory, AtomicLong numbers, @Nullable Object key) {
        this.memory = memory;
        this.numbers = numbers;
        table = new InodeTable(memory, 0, 0);
        root = new PathNode(FileMode.S_IFDIR, number(key), ++lastId, key);
        root.nodeid = FileSystemSession.ROOT;
        table.root(0, root.id, 0, FileMode.S_IFDIR);
        if (key != null) {
            byKey.put(key, root);
        }
    }

    /** A provider's key that is a number is one of its own; all others are counted. */
    private long number(@Nullable Object key) {
        return key instanceof Integer integer && integer > 0 ? integer : numbers.incrementAndGet();
    }

    PathNode root() {
        return root;
    }

    /** How many nodes the client knows beside the root. */
    int size() {
        return table.size();
    }

    /** The node of a nodeid; null if the client has none such. */
    @Nullable
    PathNode get(long nodeid) {
        if (nodeid == FileSystemSession.ROOT) {
            return root;
        }
        if (!table.isLive(nodeid)) {
            return null;
        }
        Aside aside = table.aside(InodeTable.slot(nodeid));
        return aside instanceof Beside beside && beside.node().nodeid == nodeid ? beside.node() : null;
    }

    /** The node of a name that is known; null otherwise. */
    @Nullable
    PathNode peek(PathNode parent, String name) {
        lock.lock();
        try {
            return byLink.get(new PathLink(parent, name));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Finds or makes the node of a name, and counts a lookup.
     *
     * @return null if there is no room for another
     */
    @Nullable
    PathNode enter(PathNode parent, String name, PathStat stat) {
        PathLink link = new PathLink(parent, name);
        lock.lock();
        try {
            PathNode named = byLink.get(link);
            PathNode node = stat.key() == null ? named : byKey.get(stat.key());
            if (node != null && (node.type != stat.type() || node == root)) {
                // Another file has its key, or its name, by now.
                node = null;
            }
            if (named != null && named != node) {
                unlink(named, link);
            }
            if (node == null) {
                node = make(stat);
            }
            if (node == null || !isCounted(node)) {
                return null;
            }
            if (!node.links.contains(link)) {
                link(node, link);
            } else if (!node.links.getFirst().equals(link)) {
                // found by this name last: the others may be gone
                List<PathLink> links = new ArrayList<>(node.links);
                links.remove(link);
                links.addFirst(link);
                node.links = List.copyOf(links);
            }
            return node;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable PathNode make(PathStat stat) {
        if (!memory.take(NODE_BYTES)) {
            return null;
        }
        PathNode node = new PathNode(stat.type(), number(stat.key()), ++lastId, stat.key());
        if (stat.key() != null) {
            byKey.put(stat.key(), node);
        }
        return node;
    }

    /** Counts a lookup of a node that may be in the table or not; if there is no room, it is dropped. */
    private boolean isCounted(PathNode node) {
        if (table.find(0, node.id, 0) != 0) {
            return true;
        }
        int slot = table.allocate();
        if (slot == 0) {
            dropIfUnknown(node);
            return false;
        }
        node.nodeid = table.insert(InodeKind.of(0, 0, node.type), node.id, 0, new long[0], new Beside(node), slot);
        return true;
    }

    private void link(PathNode node, PathLink link) {
        List<PathLink> links = new ArrayList<>(node.links);
        boolean isFull = links.size() == (node.type == FileMode.S_IFDIR ? 1 : MOST_LINKS);
        if (isFull) {
            remove(links.removeLast());
        }
        links.addFirst(link);
        node.links = List.copyOf(links);
        byLink.put(link, node);
        link.parent().children++;
    }

    private void unlink(PathNode node, PathLink link) {
        List<PathLink> links = new ArrayList<>(node.links);
        if (links.remove(link)) {
            node.links = List.copyOf(links);
            remove(link);
        }
        if (links.isEmpty() && node.key != null) {
            byKey.remove(node.key, node);
        }
        dropIfUnknown(node);
    }

    private void remove(PathLink link) {
        byLink.remove(link);
        link.parent().children--;
        dropIfUnknown(link.parent());
    }

    /** Forgets a node of which the client knows nothing, and those above it of which that is true then. */
    private void dropIfUnknown(PathNode dropped) {
        PathNode node = dropped;
        while (node != root && node.children == 0 && !table.isLive(node.nodeid)) {
            List<PathLink> links = node.links;
            PathNode parent = links.isEmpty() ? root : links.getFirst().parent();
            node.links = List.of();
            for (PathLink link : links) {
                byLink.remove(link);
                link.parent().children--;
            }
            if (node.key != null) {
                byKey.remove(node.key, node);
            }
            if (!node.isDropped) {
                node.isDropped = true;
                memory.give(NODE_BYTES);
            }
            for (int i = 1; i < links.size(); i++) {
                dropIfUnknown(links.get(i).parent());
            }
            node = parent;
        }
    }

    /** Takes lookups back. */
    void forget(long nodeid, long lookups) {
        lock.lock();
        try {
            PathNode node = get(nodeid);
            if (node != null && table.forget(nodeid, lookups)) {
                table.recycle(InodeTable.slot(nodeid));
                dropIfUnknown(node);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A name is gone. */
    void removed(PathNode parent, String name) {
        PathLink link = new PathLink(parent, name);
        lock.lock();
        try {
            PathNode node = byLink.get(link);
            if (node != null) {
                unlink(node, link);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A name is another one now, of the node that has it and, by that, of all beneath it. */
    void renamed(PathNode parent, String name, PathNode newParent, String newName) {
        PathLink from = new PathLink(parent, name);
        PathLink to = new PathLink(newParent, newName);
        lock.lock();
        try {
            PathNode node = byLink.get(from);
            PathNode replaced = byLink.get(to);
            if (replaced != null && replaced != node) {
                unlink(replaced, to);
            }
            if (node != null) {
                List<PathLink> links = new ArrayList<>(node.links);
                links.remove(from);
                byLink.remove(from);
                links.remove(to);
                links.addFirst(to);
                if (replaced != node) {
                    newParent.children++;
                }
                byLink.put(to, node);
                node.links = List.copyOf(links);
                parent.children--;
                dropIfUnknown(parent);
            }
        } finally {
            lock.unlock();
        }
    }
}

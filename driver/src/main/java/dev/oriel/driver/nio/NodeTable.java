package dev.oriel.driver.nio;

import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.NodeEntry;
import dev.oriel.driver.Stat;
import dev.oriel.linux.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The nodes in use, and the names that led to directories of late: those are trusted for as long as the device said, so
 * that a path costs a lookup for its last name and not for every one. Any thread.
 */
final class NodeTable {
    private static final int NAMES_MAX = 4096;

    private final FuseClient client;
    private final Map<Long, Node> nodes = new HashMap<>();
    private final LinkedHashMap<Name, Known> names = new LinkedHashMap<>(16, 0.75f, true);
    private final Node root;

    /** A name in a directory. */
    private static final class Name {
        final long parent;
        final byte[] bytes;

        Name(long parent, byte[] bytes) {
            this.parent = parent;
            this.bytes = bytes;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Name that && that.parent == parent && Arrays.equals(that.bytes, bytes);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(parent) * 31 + Arrays.hashCode(bytes);
        }
    }

    /** Where a name leads, until a time of {@link System#nanoTime()}. It is a user of the node. */
    private record Known(Node node, long until) {}

    NodeTable(FuseClient client) throws FuseException {
        this.client = client;
        root = new Node(this, FuseClient.ROOT, client.getattr(FuseClient.ROOT));
        root.users = 1;
        nodes.put(FuseClient.ROOT, root);
    }

    /** The root; to be closed like any other. */
    synchronized Node root() {
        root.users++;
        return root;
    }

    /** Another user of a node. */
    synchronized Node share(Node node) {
        node.users++;
        return node;
    }

    /**
     * The node of an entry that the device answered; to be closed.
     *
     * @throws FuseException ENOENT if there is none; EIO if it is one that is in use here as something else
     */
    synchronized Node enter(NodeEntry entry) throws FuseException {
        if (entry.nodeid() == 0) {
            throw new FuseException("find a name", Errno.ENOENT);
        }
        Node node = nodes.get(entry.nodeid());
        if (node != null && node.attributes().type() != entry.attributes().type()) {
            client.forget(entry.nodeid(), 1);
            throw new FuseException("find a name (the device says that a node has changed its type)", Errno.EIO);
        }
        if (node == null) {
            node = new Node(this, entry.nodeid(), entry.attributes());
            nodes.put(entry.nodeid(), node);
        } else {
            node.attributes(entry.attributes());
        }
        node.lookups++;
        node.users++;
        return node;
    }

    /**
     * Follows a name.
     *
     * @param last whether the attributes are what counts: then the device is asked in any case
     * @return the node; to be closed
     */
    Node lookup(Node parent, byte[] name, boolean last) throws FuseException {
        Name key = new Name(parent.nodeid, name);
        if (!last) {
            synchronized (this) {
                Known known = names.get(key);
                if (known != null && known.until - System.nanoTime() > 0) {
                    known.node.users++;
                    return known.node;
                }
            }
        }
        NodeEntry entry = client.lookup(parent.nodeid, name);
        Node node = enter(entry);
        if (entry.attributes().isDirectory() && entry.entryValid().isPositive()) {
            remember(key, node, System.nanoTime() + entry.entryValid().toNanos() / 2);
        }
        return node;
    }

    private void remember(Name key, Node node, long until) {
        List<Node> forgotten = new ArrayList<>();
        synchronized (this) {
            node.users++;
            Known before = names.put(key, new Known(node, until));
            if (before != null) {
                forgotten.add(before.node);
            }
            if (names.size() > NAMES_MAX) {
                forgotten.add(names.pollFirstEntry().getValue().node);
            }
        }
        forgotten.forEach(this::release);
    }

    /** A name was removed or leads elsewhere now. */
    void forget(Node parent, byte[] name) {
        Known known;
        synchronized (this) {
            known = names.remove(new Name(parent.nodeid, name));
        }
        if (known != null) {
            release(known.node);
        }
    }

    void release(Node node) {
        synchronized (this) {
            node.users--;
            if (node.users > 0) {
                return;
            }
            nodes.remove(node.nodeid);
        }
        DaxDevice dax = client.dax().orElse(null);
        if (dax != null) {
            dax.release(node.nodeid);
        }
        client.forget(node.nodeid, node.lookups);
    }

    /** Asks for the attributes of a node. */
    Stat refresh(Node node) throws FuseException {
        Stat attributes = client.getattr(node.nodeid);
        node.attributes(attributes);
        return attributes;
    }
}

package dev.oriel.driver.nio;

import dev.oriel.driver.Attributes;

/**
 * A node of the share that somebody here uses. The device counts how often it was looked up; when the last user is gone it is
 * told to forget them all. Guarded by its {@link NodeTable}.
 */
final class Node implements AutoCloseable {
    final long nodeid;
    private final NodeTable table;
    private volatile Attributes attributes;
    long lookups;
    int users;

    Node(NodeTable table, long nodeid, Attributes attributes) {
        this.table = table;
        this.nodeid = nodeid;
        this.attributes = attributes;
    }

    /** The attributes as the last lookup told them. */
    Attributes attributes() {
        return attributes;
    }

    void attributes(Attributes value) {
        attributes = value;
    }

    /** One user less. */
    @Override
    public void close() {
        table.release(this);
    }
}

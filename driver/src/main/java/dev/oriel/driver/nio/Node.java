package dev.oriel.driver.nio;

import dev.oriel.driver.Stat;

/**
 * A node of the share that somebody here uses. The device counts how often it was looked up; when the last user is gone
 * it is told to forget them all. Guarded by its {@link NodeTable}.
 */
final class Node implements AutoCloseable {
    final long nodeid;
    private final NodeTable table;
    private volatile Stat attributes;
    long lookups;
    int users;

    Node(NodeTable table, long nodeid, Stat attributes) {
        this.table = table;
        this.nodeid = nodeid;
        this.attributes = attributes;
    }

    /** The attributes as the last lookup told them. */
    Stat attributes() {
        return attributes;
    }

    void attributes(Stat value) {
        attributes = value;
    }

    /** One user less. */
    @Override
    public void close() {
        table.release(this);
    }
}

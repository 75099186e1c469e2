package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.Handle;
import dev.oriel.linux.FileCalls;

/**
 * An open file or directory of the client, and its descriptor, whose number is never another file's while someone uses
 * it.
 */
sealed class OpenHandle extends Handle permits OpenDirectory, OpenFile {
    private final int descriptor;

    /** Whether it was used lately, more or less: of {@link FilesByNode}. */
    boolean recent;

    OpenHandle(int descriptor, long nodeid) {
        super(nodeid);
        this.descriptor = descriptor;
    }

    /** Good between {@link #enter} and {@link #leave}. */
    final int descriptor() {
        return descriptor;
    }

    /** Closes the descriptor. */
    @Override
    protected void dispose() {
        FileCalls.close(descriptor);
    }
}

package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.Budget;

/** What the sessions of one shared directory have together. */
final class Budgets {
    /** A session that is guaranteed less could not work. */
    private static final int LEAST_DESCRIPTORS = 16;

    private static final String FORGET = "until it forgets some (in a Linux guest: echo 2 > /proc/sys/vm/drop_caches)";

    private final Budget nodeMemory;
    private final Budget openFiles;
    private final Budget cachedDescriptors;
    private final LockWaitGraph lockWaits = new LockWaitGraph();

    Budgets(LocalOptions options) {
        int sessions = options.sessions();
        nodeMemory = new Budget(
                options.nodeMemory(),
                sessions,
                0,
                "the guest knows as many files as there is memory for (--node-memory), and gets ENFILE for others "
                        + FORGET);
        openFiles = new Budget(
                options.descriptors() / 2,
                sessions,
                LEAST_DESCRIPTORS,
                "the guest has opened and locked as many files as there are descriptors for (--rlimit-nofile), and gets"
                        + " ENFILE until it closes some");
        cachedDescriptors = new Budget(options.descriptors() / 2, sessions, LEAST_DESCRIPTORS, "");
    }

    /** Bytes of heap, for nodes and their names. */
    Budget nodeMemory() {
        return nodeMemory;
    }

    /** Descriptors of open files and of owners of locks. */
    Budget openFiles() {
        return openFiles;
    }

    /** Who waits for whose locks. */
    LockWaitGraph lockWaits() {
        return lockWaits;
    }

    /** Descriptors of nodes that are used, which can be opened again. */
    Budget cachedDescriptors() {
        return cachedDescriptors;
    }
}

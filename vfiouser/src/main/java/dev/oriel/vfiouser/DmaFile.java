package dev.oriel.vfiouser;

import dev.oriel.linux.MappedMemory;

/**
 * A file of guest memory, mapped once as a whole for all DMA regions that lie in it: on a bus with an IOMMU these are single pages.
 *
 * <p>Counted: whoever lets go of it last unmaps it. Any thread.
 */
final class DmaFile {
    private final MappedMemory mapping;
    private int users = 1;

    /** Held once, by the caller. */
    DmaFile(MappedMemory mapping) {
        this.mapping = mapping;
    }

    MappedMemory mapping() {
        return mapping;
    }

    synchronized boolean isUnmapped() {
        return users == 0;
    }

    /** Holds it once more; false if it is unmapped already. */
    synchronized boolean hold() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    synchronized void release() {
        users--;
        if (users == 0) {
            mapping.close();
        }
    }
}

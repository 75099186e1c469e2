package dev.oriel.vfiouser;

import dev.oriel.linux.MappedMemory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file of guest memory, mapped once as a whole for all DMA regions that lie in it: on a bus with an IOMMU these are
 * single pages.
 *
 * <p>Counted: whoever lets go of it last unmaps it. Any thread.
 */
final class DmaFile {
    private final MappedMemory mapping;
    private final AtomicInteger mappings;
    private int users = 1;

    /**
     * Held once, by the caller.
     *
     * @param mappings how many there are, of which this is one more until it is unmapped
     */
    DmaFile(MappedMemory mapping, AtomicInteger mappings) {
        this.mapping = mapping;
        this.mappings = mappings;
        mappings.incrementAndGet();
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
            mappings.decrementAndGet();
        }
    }
}

package dev.oriel.device.dax;

import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.MappableRegion;
import dev.oriel.virtio.memory.RegionMemory;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import java.lang.foreign.MemorySegment;

/**
 * Memory that stands in for pages of files in a DAX window, as large as the window, and a baseline: what the stand-in
 * held when it and the file last agreed. A page that differs from its baseline was written by the client. The memory is
 * the window's own where it has some, and else a file that is mapped into it.
 *
 * <pre>
 *   window     0         moffset                     length
 *              +---------+------+--------------------+
 *   memfd      |         | page |                    |   shared with the client
 *   baseline   |         | page |                    |   ours alone
 *              +---------+------+--------------------+
 * </pre>
 *
 * <p>No access to it can ever fault, here or in the VMM ({@link RegionMemory}). Pages that were never touched, or were
 * {@link #release released}, take no memory.
 */
final class StagingMemory implements AutoCloseable {
    private final RegionMemory shared;
    private final boolean ours;
    private final RegionMemory baseline;

    /** @param region what it is for */
    StagingMemory(SharedMemoryRegion region) throws LinuxException {
        baseline = new RegionMemory(region.length());
        ours = region instanceof MappableRegion;
        try {
            shared = switch (region) {
                case RegionMemory memory -> memory;
                case MappableRegion mapped -> new RegionMemory(mapped.length());
            };
        } catch (LinuxException e) {
            baseline.close();
            throw e;
        }
    }

    /** Whether the client sees it without any mapping, because the window is made of it. */
    boolean isWindow() {
        return !ours;
    }

    /** The file to map into the window, at the offset of the window. */
    int fd() {
        return shared.fd();
    }

    /** What the client sees. It may change at any time. */
    MemorySegment shared() {
        return shared.segment();
    }

    /** What file and stand-in last agreed on. */
    MemorySegment baseline() {
        return baseline.segment();
    }

    /** The memory of the baseline, which the kernel reads when it writes to files. */
    RegionMemory baselineMemory() {
        return baseline;
    }

    /** Empties a range and gives its memory back; it reads as zeros then. */
    void release(long offset, long length) {
        shared.release(offset, length);
        baseline.release(offset, length);
    }

    @Override
    public void close() {
        if (ours) {
            shared.close();
        }
        baseline.close();
    }
}

package dev.oriel.virtio.memory;

import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A shared memory region that is memory of its own: a file without a name, which the other side maps once, as a whole,
 * and sees all of, from the start and until it goes. Nothing is mapped into it later. A device that wants to show a
 * file there copies.
 *
 * <p>The file is sealed against any change of its size, so no access to it can ever fault, on either side. Pages that
 * were never touched, or were {@link #release released}, read as zeros and take no memory. Any thread.
 */
public final class RegionMemory implements SharedMemoryRegion, AutoCloseable {
    private final Descriptor file;
    private final MappedMemory mapping;

    /**
     * New memory, all zeros.
     *
     * @param length bytes, a multiple of the page size
     */
    public RegionMemory(long length) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            file = new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(CString.of("oriel-window", arena), MemoryCalls.MFD_ALLOW_SEALING),
                    "make memory for the DAX window"));
        }
        try {
            LinuxException.check(
                    FileCalls.ftruncate(file.number(), length), "size the DAX window to " + length + " bytes");
            LinuxException.check(
                    MemoryCalls.addSeals(
                            file.number(),
                            MemoryCalls.F_SEAL_SHRINK | MemoryCalls.F_SEAL_GROW | MemoryCalls.F_SEAL_SEAL),
                    "seal the DAX window");
            mapping = MappedMemory.ofFile(file.number(), 0, length, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
        } catch (LinuxException e) {
            file.close();
            throw e;
        }
    }

    /** The file, still owned by this object: the region's offset is the file's. */
    public int fd() {
        return file.number();
    }

    /** What both sides see. It may change at any time. */
    public MemorySegment segment() {
        return mapping.segment();
    }

    /** Empties a range of whole pages and gives its memory back. */
    public void release(long offset, long length) {
        int mode = FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE;
        if (FileCalls.fallocate(file.number(), mode, offset, length) < 0) {
            segment().asSlice(offset, length).fill((byte) 0);
        }
    }

    @Override
    public long length() {
        return mapping.size();
    }

    /** Unmaps it and closes the file. The other side keeps what it has mapped. */
    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}

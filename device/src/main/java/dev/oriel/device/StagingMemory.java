package dev.oriel.device;

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
 * Memory of our own that stands in for pages of files in a DAX window, as large as the window, and a baseline: what the
 * stand-in held when it and the file last agreed. A page that differs from its baseline was written by the client.
 *
 * <pre>
 *   window     0         moffset                     length
 *              +---------+------+--------------------+
 *   memfd      |         | page |                    |   shared with the client
 *   baseline   |         | page |                    |   ours alone
 *              +---------+------+--------------------+
 * </pre>
 *
 * <p>The file is sealed against shrinking, so no access to it can ever fault, here or in the VMM. Pages that were never touched,
 * or were {@link #release released}, take no memory.
 */
final class StagingMemory implements AutoCloseable {
    private final Descriptor file;
    private final MappedMemory shared;
    private final MappedMemory baseline;

    /** @param length bytes, a multiple of the page size */
    StagingMemory(long length) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            file = new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(CString.of("oriel-window", arena), MemoryCalls.MFD_ALLOW_SEALING),
                    "make memory for the DAX window"));
        }
        MappedMemory mapped = null;
        try {
            LinuxException.check(
                    FileCalls.ftruncate(file.number(), length), "size the DAX window to " + length + " bytes");
            LinuxException.check(
                    MemoryCalls.addSeals(
                            file.number(),
                            MemoryCalls.F_SEAL_SHRINK | MemoryCalls.F_SEAL_GROW | MemoryCalls.F_SEAL_SEAL),
                    "seal the DAX window");
            int protection = MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE;
            mapped = MappedMemory.ofFile(file.number(), 0, length, protection);
            baseline = MappedMemory.anonymous(length, protection);
            shared = mapped;
        } catch (LinuxException e) {
            if (mapped != null) {
                mapped.close();
            }
            file.close();
            throw e;
        }
    }

    /** The file to map into the window, at the offset of the window. */
    int fd() {
        return file.number();
    }

    /** What the client sees. It may change at any time. */
    MemorySegment shared() {
        return shared.segment();
    }

    /** What file and stand-in last agreed on. */
    MemorySegment baseline() {
        return baseline.segment();
    }

    /** Empties a range and gives its memory back; it reads as zeros then. */
    void release(long offset, long length) {
        int mode = FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE;
        if (FileCalls.fallocate(file.number(), mode, offset, length) < 0) {
            shared().asSlice(offset, length).fill((byte) 0);
        }
        if (MemoryCalls.madvise(baseline.address() + offset, length, MemoryCalls.MADV_DONTNEED) < 0) {
            baseline().asSlice(offset, length).fill((byte) 0);
        }
    }

    @Override
    public void close() {
        shared.close();
        baseline.close();
        file.close();
    }
}

package dev.oriel.vhostuser;

import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.StatxBuffer;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The requests that say where the guest's memory is: as a table, or region by region.
 *
 * <pre>
 *   region   0                8        16              24              32
 *            +----------------+--------+---------------+---------------+
 *            | guest address  | size   | user address  | mmap offset   |
 *            +----------------+--------+---------------+---------------+
 *   table    { count 4, pad 4, count x region }, one descriptor for each region
 *   single   { pad 8, region }, one descriptor
 * </pre>
 */
final class MemoryRequests {
    /** What GET_MAX_MEM_SLOTS answers: the most that QEMU can use. */
    static final int MAX_SLOTS = 509;

    /** The most regions that one SET_MEM_TABLE carries, as each comes with a descriptor. */
    static final int TABLE_MAX_REGIONS = 8;

    private static final int TABLE_HEADER_SIZE = 8;
    private static final int REGION_SIZE = 32;

    /** Room for Xen's two more fields per region, which padded tables may have. */
    static final int TABLE_MAX_SIZE = TABLE_HEADER_SIZE + TABLE_MAX_REGIONS * (REGION_SIZE + 8);

    private static final int SINGLE_REGION = 8;

    private final GuestMemoryTable memory;
    private final IntPredicate window;

    /**
     * @param memory gets the regions
     * @param window whether a descriptor leads to a file that this back-end has in the window of the device
     */
    MemoryRequests(GuestMemoryTable memory, IntPredicate window) {
        this.memory = memory;
        this.window = window;
    }

    /** SET_MEM_TABLE: these regions and no others. */
    void setTable(Message message) throws Refusal, ProtocolViolation {
        int count = message.getInt(0);
        if (count < 0
                || count > TABLE_MAX_REGIONS
                || message.size() < TABLE_HEADER_SIZE + count * REGION_SIZE
                || message.descriptors().count() != count) {
            throw new ProtocolViolation("SET_MEM_TABLE of %d bytes for %s regions with %d file descriptors"
                    .formatted(
                            message.size(),
                            Integer.toUnsignedString(count),
                            message.descriptors().count()));
        }
        List<GuestRegion> regions = new ArrayList<>(count);
        boolean accepted = false;
        try {
            for (int i = 0; i < count; i++) {
                regions.add(map(message, TABLE_HEADER_SIZE + i * REGION_SIZE));
            }
            memory.replace(regions);
            accepted = true;
        } catch (InvalidSetupException invalid) {
            throw new Refusal("SET_MEM_TABLE: " + invalid.getMessage());
        } finally {
            if (!accepted) {
                regions.forEach(GuestRegion::close);
            }
        }
    }

    /**
     * ADD_MEM_REG.
     *
     * @return the size of the region in bytes
     */
    long add(Message message) throws Refusal {
        if (memory.current().count() >= MAX_SLOTS) {
            throw new Refusal("ADD_MEM_REG: more than the " + MAX_SLOTS + " memory slots that there are");
        }
        GuestRegion region = map(message, SINGLE_REGION);
        try {
            memory.add(region);
        } catch (InvalidSetupException invalid) {
            region.close();
            throw new Refusal("ADD_MEM_REG: " + invalid.getMessage());
        }
        return region.size();
    }

    /** REM_MEM_REG. What chains in flight use of the region stays mapped until they are completed. */
    void remove(Message message) throws Refusal {
        long guestAddress = message.getLong(SINGLE_REGION);
        long size = message.getLong(SINGLE_REGION + 8);
        long userAddress = message.getLong(SINGLE_REGION + 16);
        try {
            memory.remove(guestAddress, size, userAddress);
        } catch (InvalidSetupException invalid) {
            throw new Refusal("REM_MEM_REG: " + invalid.getMessage());
        }
    }

    /**
     * Maps the region at an offset of the payload, with the next descriptor. A mapping begins and ends at a whole page of its file, which
     * is larger in a hugetlbfs than elsewhere.
     */
    private GuestRegion map(Message message, int offset) throws Refusal {
        long guestAddress = message.getLong(offset);
        long size = message.getLong(offset + 8);
        long userAddress = message.getLong(offset + 16);
        long fileOffset = message.getLong(offset + 24);
        String what = "memory region of 0x%x bytes at guest address 0x%x".formatted(size, guestAddress);
        try (Descriptor file = message.takeDescriptor();
                Arena arena = Arena.ofConfined()) {
            String unsuitable = MemoryFile.unsuitable(file.number());
            if (unsuitable != null) {
                throw new Refusal(what + ": its file may not be mapped: " + unsuitable);
            }
            StatxBuffer attributes = new StatxBuffer(arena);
            LinuxException.check(
                    FileCalls.statx(
                            file.number(),
                            CString.of("", arena),
                            At.AT_EMPTY_PATH,
                            StatxBuffer.STATX_BASIC_STATS,
                            attributes),
                    "look at the file of a " + what);
            long end = fileOffset + size;
            if (size <= 0 || fileOffset < 0 || end < 0) {
                throw new Refusal(what + ", at offset 0x%x of its file: no such range".formatted(fileOffset));
            }
            // access behind the end of a file is a SIGBUS; a device has no size
            if (attributes.type() == FileMode.S_IFREG && end > attributes.size()) {
                throw new Refusal(what
                        + ", at offset 0x%x of its file: the file has only 0x%x bytes"
                                .formatted(fileOffset, attributes.size()));
            }
            int block = attributes.blksize();
            long page = Integer.bitCount(block) == 1 ? Math.max(block, MemoryCalls.pageSize()) : MemoryCalls.pageSize();
            long start = fileOffset & -page;
            long length = end - start + page - 1 & -page;
            MappedMemory mapping =
                    MappedMemory.ofFile(file.number(), start, length, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
            try {
                return new GuestRegion(
                        guestAddress, size, userAddress, mapping, fileOffset - start, window.test(file.number()));
            } catch (InvalidSetupException invalid) {
                mapping.close();
                throw new Refusal(what + ": " + invalid.getMessage());
            }
        } catch (LinuxException failed) {
            throw new Refusal(what + ": " + failed.getMessage());
        }
    }
}

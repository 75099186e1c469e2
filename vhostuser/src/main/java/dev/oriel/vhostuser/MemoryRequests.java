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
import dev.oriel.socket.ProtocolViolation;
import dev.oriel.vhostuser.wire.PayloadLayout;
import dev.oriel.vhostuser.wire.VhostUserChannel;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The requests that say where the guest's memory is: as a table, or region by region.
 */
final class MemoryRequests {
    /** What GET_MAX_MEM_SLOTS answers: the most that QEMU can use. */
    static final int MAX_SLOTS = 509;

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
    void setTable(VhostUserChannel message) throws Refusal, ProtocolViolation {
        int count = message.getInt(PayloadLayout.TABLE_COUNT);
        if (count < 0
                || count > PayloadLayout.TABLE_MAX_REGIONS
                || message.size() < PayloadLayout.TABLE_REGIONS + count * PayloadLayout.REGION_SIZE
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
                regions.add(map(message, PayloadLayout.TABLE_REGIONS + i * PayloadLayout.REGION_SIZE));
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
    long add(VhostUserChannel message) throws Refusal {
        if (memory.current().count() >= MAX_SLOTS) {
            throw new Refusal("ADD_MEM_REG: more than the " + MAX_SLOTS + " memory slots that there are");
        }
        GuestRegion region = map(message, PayloadLayout.SINGLE_REGION);
        try {
            memory.add(region);
        } catch (InvalidSetupException invalid) {
            region.close();
            throw new Refusal("ADD_MEM_REG: " + invalid.getMessage());
        }
        return region.size();
    }

    /** REM_MEM_REG. What chains in flight use of the region stays mapped until they are completed. */
    void remove(VhostUserChannel message) throws Refusal {
        long guestAddress = message.getLong(PayloadLayout.SINGLE_REGION + PayloadLayout.REGION_GUEST_ADDRESS);
        long size = message.getLong(PayloadLayout.SINGLE_REGION + PayloadLayout.REGION_LENGTH);
        long userAddress = message.getLong(PayloadLayout.SINGLE_REGION + PayloadLayout.REGION_USER_ADDRESS);
        try {
            memory.remove(guestAddress, size, userAddress);
        } catch (InvalidSetupException invalid) {
            throw new Refusal("REM_MEM_REG: " + invalid.getMessage());
        }
    }

    /**
     * Maps the region at an offset of the payload, with the next descriptor. A mapping begins and ends at a whole page
     * of its file, which is larger in a hugetlbfs than elsewhere.
     */
    private GuestRegion map(VhostUserChannel message, int offset) throws Refusal {
        long guestAddress = message.getLong(offset + PayloadLayout.REGION_GUEST_ADDRESS);
        long size = message.getLong(offset + PayloadLayout.REGION_LENGTH);
        long userAddress = message.getLong(offset + PayloadLayout.REGION_USER_ADDRESS);
        long fileOffset = message.getLong(offset + PayloadLayout.REGION_MMAP_OFFSET);
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

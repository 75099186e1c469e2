package dev.oriel.vfiouser;

import dev.oriel.bus.pci.PciFunction;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
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
import dev.oriel.virtio.memory.RegionMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the device may reach by DMA, as the client tells it by DMA_MAP and DMA_UNMAP.
 *
 * <pre>
 *   DMA_MAP     0        4        8               16            24            32
 *               +--------+--------+---------------+-------------+-------------+
 *               | argsz  | flags  | file offset   | address     | size        |   and a descriptor, or none
 *               +--------+--------+---------------+-------------+-------------+
 *   DMA_UNMAP   | argsz  | flags  | address       | size        |
 *               +--------+--------+---------------+-------------+
 * </pre>
 *
 * <p>Memory with a descriptor that may be written is mapped here. Of what comes without, one thing is known: the
 * window, which is a BAR of the function itself and ours already. The rest (ROMs, BARs of other functions, memory that
 * the VMM does not share) is remembered only, to tell a guest that keeps its rings there from one that is out of its
 * mind.
 *
 * <p>For the thread of the connection.
 */
final class DmaRegions {
    /** The most that QEMU announces; each costs an entry in a table. */
    static final int MAX_REGIONS = 65536;

    /**
     * The most mappings that these may need: of 65530 that the kernel lets the whole process have. QEMU has one for
     * each memory backend.
     */
    static final int MAX_MAPPINGS = 512;

    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int UNMAP_ALL = 2;

    private final GuestMemoryTable memory;
    private final @Nullable RegionMemory window;
    private final LongSupplier windowAddress;

    private final Map<FileKey, DmaFile> files = new HashMap<>();

    /** How many are mapped, those that only older regions or chains in flight still use included. */
    private final AtomicInteger mappings = new AtomicInteger();

    /** What is mapped. */
    private final AddressRanges shared = new AddressRanges();

    /** What is not, because it came without a descriptor or may not be written. */
    private final AddressRanges unshared = new AddressRanges();

    private record FileKey(long device, long inode) {}

    /**
     * @param memory gets the regions
     * @param window the function's own window, or null
     * @param windowAddress tells where the BAR of the window is now, or {@link PciFunction#NOWHERE}
     */
    DmaRegions(GuestMemoryTable memory, @Nullable RegionMemory window, LongSupplier windowAddress) {
        this.memory = memory;
        this.window = window;
        this.windowAddress = windowAddress;
    }

    /** Whether the client has told of memory and never given any of it. */
    boolean lacksMemory() {
        return files.isEmpty() && unshared.count() > 0;
    }

    /** DMA_MAP. */
    void map(Message message) throws Refusal {
        int flags = message.getInt(4);
        long fileOffset = message.getLong(8);
        long address = message.getLong(16);
        long size = message.getLong(24);
        String what = "DMA_MAP of 0x%x bytes at 0x%x".formatted(size, address);
        if (size <= 0 || Long.compareUnsigned(address + size - 1, address) < 0 || (flags & ~(READ | WRITE)) != 0) {
            throw new Refusal(Errno.EINVAL, what + ", flags 0x%x: no such range".formatted(flags));
        }
        if (shared.overlap(address, size) || unshared.overlap(address, size)) {
            throw new Refusal(Errno.EEXIST, what + ": a part of that is mapped already");
        }
        if (shared.count() + unshared.count() >= MAX_REGIONS) {
            throw new Refusal(Errno.ENOSPC, what + ": more than the " + MAX_REGIONS + " regions that there may be");
        }
        if (message.descriptors().count() > 0) {
            try (Descriptor file = message.takeDescriptor()) {
                if ((flags & WRITE) == 0) {
                    unshared.add(address, size);
                } else {
                    add(region(file, fileOffset, address, size, what), what);
                }
            }
            return;
        }
        GuestRegion ours = windowAt(address, size, what);
        if (ours == null) {
            unshared.add(address, size);
        } else {
            add(ours, what);
        }
    }

    private void add(GuestRegion region, String what) throws Refusal {
        try {
            memory.add(region);
        } catch (InvalidSetupException invalid) {
            region.close();
            throw new Refusal(Errno.EEXIST, what + ": " + invalid.getMessage());
        }
        shared.add(region.guestAddress(), region.size());
    }

    /** A region in a file, which is mapped if it is not yet. */
    private GuestRegion region(Descriptor file, long fileOffset, long address, long size, String what) throws Refusal {
        String unsuitable = MemoryFile.unsuitable(file.number());
        if (unsuitable != null) {
            throw new Refusal(Errno.EINVAL, what + ": its file may not be mapped: " + unsuitable);
        }
        try (Arena arena = Arena.ofConfined()) {
            StatxBuffer attributes = new StatxBuffer(arena);
            LinuxException.check(
                    FileCalls.statx(
                            file.number(),
                            CString.of("", arena),
                            At.AT_EMPTY_PATH,
                            StatxBuffer.STATX_BASIC_STATS,
                            attributes),
                    "look at its file");
            long length = attributes.size();
            if (attributes.type() != FileMode.S_IFREG || fileOffset < 0 || fileOffset > length - size) {
                throw new Refusal(
                        Errno.EINVAL,
                        what + ", at offset 0x%x of a file that has 0x%x bytes".formatted(fileOffset, length));
            }
            FileKey key = new FileKey(FileMode.device(attributes.devMajor(), attributes.devMinor()), attributes.ino());
            DmaFile mapped = hold(key, file, length, fileOffset + size, what);
            try {
                return new GuestRegion(
                        address, size, address, mapped.mapping().segment(), fileOffset, false, mapped::release);
            } catch (InvalidSetupException invalid) {
                mapped.release();
                throw new Refusal(Errno.EINVAL, what + ": " + invalid.getMessage());
            }
        } catch (LinuxException failed) {
            throw new Refusal(failed.errno(), what + ": " + failed.getMessage());
        }
    }

    private DmaFile hold(FileKey key, Descriptor file, long length, long end, String what)
            throws LinuxException, Refusal {
        DmaFile known = files.get(key);
        if (known != null && known.mapping().size() >= end && known.hold()) {
            return known;
        }
        files.values().removeIf(DmaFile::isUnmapped);
        if (mappings.get() >= MAX_MAPPINGS) {
            throw new Refusal(Errno.ENOSPC, what + ": of more than the " + MAX_MAPPINGS + " files that there may be");
        }
        DmaFile mapped = new DmaFile(
                MappedMemory.ofFile(file.number(), 0, length, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE),
                mappings);
        files.put(key, mapped);
        return mapped;
    }

    /**
     * The region for a part of our own window that the guest's bus has at this address; null if it is something else.
     */
    private @Nullable GuestRegion windowAt(long address, long size, String what) throws Refusal {
        long start = windowAddress.getAsLong();
        if (window == null || start == PciFunction.NOWHERE) {
            return null;
        }
        long offset = address - start;
        if (offset < 0 || offset > window.length() - size) {
            return null;
        }
        try {
            MemorySegment segment = window.segment();
            return new GuestRegion(address, size, address, segment, offset, true, () -> {});
        } catch (InvalidSetupException invalid) {
            throw new Refusal(Errno.EINVAL, what + ": " + invalid.getMessage());
        }
    }

    /** DMA_UNMAP: takes out all regions in the range; none of them may lie in it in part. */
    void unmap(Message message) throws Refusal {
        int flags = message.getInt(4);
        long address = message.getLong(8);
        long size = message.getLong(16);
        if ((flags & ~UNMAP_ALL) != 0) {
            throw new Refusal(Errno.EOPNOTSUPP, "DMA_UNMAP with the flags 0x%x".formatted(flags));
        }
        if (flags == UNMAP_ALL) {
            unmapAll();
            return;
        }
        String what = "DMA_UNMAP of 0x%x bytes at 0x%x".formatted(size, address);
        if (size <= 0 || Long.compareUnsigned(address + size - 1, address) < 0) {
            throw new Refusal(Errno.EINVAL, what + ": no such range");
        }
        if (shared.reachOut(address, size) || unshared.reachOut(address, size)) {
            throw new Refusal(Errno.EINVAL, what + ": what is mapped there reaches out of it");
        }
        Map<Long, Long> here = shared.within(address, size);
        Map<Long, Long> notHere = unshared.within(address, size);
        if (here.isEmpty() && notHere.isEmpty()) {
            throw new Refusal(Errno.ENOENT, what + ": nothing is mapped there");
        }
        if (!here.isEmpty()) {
            memory.removeWithin(address, size);
        }
        here.clear();
        notHere.clear();
    }

    private void unmapAll() {
        shared.clear();
        unshared.clear();
        try {
            memory.replace(List.of());
        } catch (InvalidSetupException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

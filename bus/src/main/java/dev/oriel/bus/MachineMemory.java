package dev.oriel.bus;

import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * The real memory of a machine in this process, which its driver and its devices share: RAM in one slot, and above it a
 * slot for each shared memory region, at an address that the host chooses.
 *
 * <pre>
 *   0         64 KiB                RAM size      next multiple of 1 GiB, at least 4 GiB
 *   +---------+---------------------+ - - - - - - +------------+ - - - - +------------+
 *   | not     | given to drivers    |   nothing   | window     | nothing | window     |
 *   | given   |                     |             | slot       |         | slot       |
 *   +---------+---------------------+ - - - - - - +------------+ - - - - +------------+
 * </pre>
 *
 * <p>Access to a slot is access to memory and nothing else: no device learns of it. A driver finds a slot only by what
 * its bus says. Any thread.
 */
public final class MachineMemory implements AutoCloseable {
    /** The first bytes are never given away, so that an address that was never set is found out. */
    private static final long RESERVED = 64 << 10;

    private static final long SLOT_ALIGNMENT = 1L << 30;

    /** Below are the registers of devices that are reached by addresses of 32 bits. */
    private static final long SLOTS_MIN = 1L << 32;

    private final DriverMemory ram;
    private final TreeMap<Long, Long> allocated = new TreeMap<>();
    private final TreeMap<Long, SharedMemoryWindow> slots = new TreeMap<>();
    private final List<SharedMemoryWindow> windows = new ArrayList<>();
    private final List<GuestMemoryTable> tables = new ArrayList<>();

    private MachineMemory(DriverMemory ram) {
        this.ram = ram;
    }

    /**
     * A machine with RAM, all zero, and no slots.
     *
     * @param ramSize bytes, a multiple of the page size
     */
    public static MachineMemory create(long ramSize) throws LinuxException {
        return new MachineMemory(DriverMemory.create(ramSize, 0));
    }

    /** Bytes of RAM. */
    public long ramSize() {
        return ram.size();
    }

    /**
     * Puts a window into a slot of its own, above RAM and all slots before it, at a multiple of its length.
     *
     * @param window owned by the machine from now on
     * @return its guest address
     */
    public synchronized long addSlot(SharedMemoryWindow window) {
        long end = Math.max(ram.size(), SLOTS_MIN);
        Map.Entry<Long, SharedMemoryWindow> last = slots.lastEntry();
        if (last != null) {
            end = last.getKey() + last.getValue().length();
        }
        long alignment = Math.max(SLOT_ALIGNMENT, window.length());
        long address = (end + alignment - 1) / alignment * alignment;
        slots.put(address, window);
        windows.add(window);
        updateTables();
        return address;
    }

    /**
     * Moves a slot to another address, as a driver moves a BAR. Where RAM or another slot is, it cannot be, and is
     * nowhere then.
     *
     * @param guestAddress a multiple of the page size; negative: nowhere
     */
    public synchronized void moveSlot(SharedMemoryWindow window, long guestAddress) {
        if (window.equals(slots.get(guestAddress))) {
            return;
        }
        slots.values().remove(window);
        Map.Entry<Long, SharedMemoryWindow> below = slots.lowerEntry(guestAddress + window.length());
        boolean free = guestAddress >= ram.size()
                && guestAddress <= Long.MAX_VALUE - window.length()
                && (below == null || below.getKey() + below.getValue().length() <= guestAddress);
        if (free) {
            slots.put(guestAddress, window);
        }
        updateTables();
    }

    /** The slot that begins at a guest address and has this length; empty if there is no such slot. */
    public synchronized Optional<SharedMemoryWindow> slot(long guestAddress, long length) {
        SharedMemoryWindow window = slots.get(guestAddress);
        return window == null || window.length() != length ? Optional.empty() : Optional.of(window);
    }

    /**
     * The memory as a device reaches it: RAM, and all slots wherever they are. Owned by the caller, who closes it
     * before the machine.
     */
    public synchronized GuestMemoryTable table() {
        GuestMemoryTable table = new GuestMemoryTable();
        tables.add(table);
        update(table);
        return table;
    }

    private void updateTables() {
        tables.forEach(this::update);
    }

    private void update(GuestMemoryTable table) {
        List<GuestRegion> regions = new ArrayList<>();
        try {
            regions.add(region(0, ram.segment()));
            for (Map.Entry<Long, SharedMemoryWindow> slot : slots.entrySet()) {
                regions.add(region(slot.getKey(), slot.getValue().segment()));
            }
            table.replace(regions);
        } catch (InvalidSetupException impossible) {
            throw new IllegalStateException("the slots of a machine do not overlap", impossible);
        }
    }

    private static GuestRegion region(long address, MemorySegment memory) throws InvalidSetupException {
        return new GuestRegion(address, memory.byteSize(), address, memory, 0, false, () -> {});
    }

    /**
     * Gives RAM to a driver, all zero: the lowest that is free.
     *
     * @param size bytes, a multiple of the page size
     * @return the memory; closed by the caller when no device uses it any more
     * @throws LinuxException ENOMEM
     */
    public DriverMemory allocate(long size) throws LinuxException {
        return allocate(size, () -> true);
    }

    /**
     * As {@link #allocate(long)}.
     *
     * @param unused asked when the memory is closed: if a device may still use it, nobody gets it any more
     */
    public synchronized DriverMemory allocate(long size, BooleanSupplier unused) throws LinuxException {
        long offset = RESERVED;
        for (Map.Entry<Long, Long> entry : allocated.entrySet()) {
            if (entry.getKey() - offset >= size) {
                break;
            }
            offset = entry.getKey() + entry.getValue();
        }
        if (size > ram.size() - offset) {
            throw new LinuxException("find " + size + " bytes in " + ram.size() + " bytes of RAM", Errno.ENOMEM);
        }
        allocated.put(offset, size);
        long start = offset;
        return ram.part(offset, size, () -> {
            if (unused.getAsBoolean()) {
                free(start);
            }
        });
    }

    /** What is free is zero: a driver lays out rings in memory that is. */
    private synchronized void free(long offset) {
        Long size = allocated.remove(offset);
        if (size != null && ram.segment().scope().isAlive()) {
            MemorySegment memory = ram.segment().asSlice(offset, size);
            if (MemoryCalls.madvise(memory.address(), size, MemoryCalls.MADV_REMOVE) < 0) {
                memory.fill((byte) 0);
            }
        }
    }

    /** Unmaps everything. No device and no driver uses it any more. */
    @Override
    public synchronized void close() {
        ram.close();
        windows.forEach(SharedMemoryWindow::close);
    }
}

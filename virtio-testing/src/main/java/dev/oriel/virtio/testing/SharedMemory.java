package dev.oriel.virtio.testing;

import dev.oriel.linux.Descriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.memory.GuestRegion;
import dev.oriel.virtio.memory.InvalidSetupException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of a guest as a VMM has it: a memfd, and the VMM's own mapping of it. The guest sees it at {@link
 * #GUEST_ADDRESS}, rings are given at {@link #USER_ADDRESS}: neither is where it is mapped.
 */
public final class SharedMemory implements AutoCloseable {
    public static final long GUEST_ADDRESS = 0x1_4000_0000L;
    public static final long USER_ADDRESS = 0x7f12_3400_0000L;

    private final Descriptor file;
    private final MappedMemory mapping;
    private long next;

    public SharedMemory(long size) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            file = new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(arena.allocateFrom("guest"), MemoryCalls.MFD_CLOEXEC), "create memory"));
            LinuxException.check(FileCalls.ftruncate(file.number(), size), "size memory");
            mapping = map(size);
        }
    }

    private MappedMemory map(long size) throws LinuxException {
        return MappedMemory.ofFile(file.number(), 0, size, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
    }

    public int fd() {
        return file.number();
    }

    public long size() {
        return mapping.size();
    }

    /** All of it, as the VMM has it mapped. */
    public MemorySegment memory() {
        return mapping.segment();
    }

    /** Sets memory aside; answers its offset. */
    public long allocate(long size, int alignment) {
        long offset = next + alignment - 1 & -alignment;
        if (offset + size > size()) {
            throw new IllegalArgumentException("the guest needs more memory than " + size());
        }
        next = offset + size;
        return offset;
    }

    public static long guestAddress(long offset) {
        return GUEST_ADDRESS + offset;
    }

    public static long userAddress(long offset) {
        return USER_ADDRESS + offset;
    }

    /** A region of all of it, mapped a second time, as a back-end does. */
    public GuestRegion region() throws LinuxException, InvalidSetupException {
        return region(0, size(), GUEST_ADDRESS, USER_ADDRESS);
    }

    /** A region of a part of it. */
    public GuestRegion region(long offset, long size, long guestAddress, long userAddress)
            throws LinuxException, InvalidSetupException {
        return new GuestRegion(guestAddress, size, userAddress, map(size()), offset);
    }

    /** A part of it that plays the part of a window of the device. */
    public GuestRegion window(long offset, long size, long guestAddress, long userAddress)
            throws LinuxException, InvalidSetupException {
        return new GuestRegion(guestAddress, size, userAddress, map(size()), offset, true);
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}

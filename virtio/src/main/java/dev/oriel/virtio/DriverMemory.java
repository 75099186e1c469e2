package dev.oriel.virtio;

import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory of a driver that is a process and no machine: one memfd, shared with the device, that holds the rings and all that
 * requests point to. For the device it is guest memory, which begins at {@link #GUEST_ADDRESS}.
 *
 * <p>Its size is sealed, so no side can pull it away from under the other. Pages cost nothing before they are used. What the
 * device can write it can write at any time: read a field once. Any thread.
 */
public final class DriverMemory implements AutoCloseable {
    /** The guest address of the first byte. Not 0, so that an address that was never set is found out. */
    public static final long GUEST_ADDRESS = 0x1000_0000;

    private final Descriptor descriptor;
    private final MappedMemory mapping;

    private DriverMemory(Descriptor descriptor, MappedMemory mapping) {
        this.descriptor = descriptor;
        this.mapping = mapping;
    }

    /**
     * Makes memory, all zero.
     *
     * @param size bytes, a multiple of the page size
     */
    public static DriverMemory create(long size) throws LinuxException {
        String what = "make " + size + " bytes of memory to share with a device";
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            fd = MemoryCalls.memfd_create(CString.of("oriel-driver", arena), MemoryCalls.MFD_ALLOW_SEALING);
        }
        Descriptor descriptor = new Descriptor(LinuxException.check(fd, what));
        try {
            LinuxException.check(FileCalls.ftruncate(descriptor.number(), size), what);
            int seals = MemoryCalls.F_SEAL_SHRINK | MemoryCalls.F_SEAL_GROW | MemoryCalls.F_SEAL_SEAL;
            LinuxException.check(MemoryCalls.addSeals(descriptor.number(), seals), what);
            int protection = MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE;
            return new DriverMemory(descriptor, MappedMemory.ofFile(descriptor.number(), 0, size, protection));
        } catch (LinuxException failed) {
            descriptor.close();
            throw failed;
        }
    }

    /** All of it, shared by all threads; access after {@link #close()} throws. */
    public MemorySegment segment() {
        return mapping.segment();
    }

    /** Bytes. */
    public long size() {
        return mapping.size();
    }

    /** The guest address of a byte. */
    public long guestAddress(long offset) {
        return GUEST_ADDRESS + offset;
    }

    /** The address of a byte in this process, which vhost-user calls the user address. */
    public long userAddress(long offset) {
        return mapping.address() + offset;
    }

    /** The memfd, still owned by this object. */
    public int descriptor() {
        return descriptor.number();
    }

    /** Unmaps and closes it here; the device keeps its own mapping. */
    @Override
    public void close() {
        mapping.close();
        descriptor.close();
    }
}

package dev.oriel.virtio.memory;

import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The memory of a driver that is a process and no machine: one memfd, shared with the device, that holds the rings and
 * all that requests point to; or a part of such a memory. For the device it is guest memory.
 *
 * <p>Its size is sealed, so no side can pull it away from under the other. Pages cost nothing before they are used.
 * What the device can write it can write at any time: read a field once. Any thread.
 */
public final class DriverMemory implements AutoCloseable {
    /**
     * The guest address of the first byte if nothing else is said. Not 0, so that an address that was never set is
     * found out.
     */
    public static final long GUEST_ADDRESS = 0x1000_0000;

    private final int descriptor;
    private final long descriptorOffset;
    private final long guestAddress;
    private final MappedMemory mapping;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    private DriverMemory(
            int descriptor, long descriptorOffset, long guestAddress, MappedMemory mapping, Runnable release) {
        this.descriptor = descriptor;
        this.descriptorOffset = descriptorOffset;
        this.guestAddress = guestAddress;
        this.mapping = mapping;
        this.release = release;
    }

    /**
     * Makes memory, all zero, at {@link #GUEST_ADDRESS}.
     *
     * @param size bytes, a multiple of the page size
     */
    public static DriverMemory create(long size) throws LinuxException {
        return create(size, GUEST_ADDRESS);
    }

    /**
     * Makes memory, all zero.
     *
     * @param size bytes, a multiple of the page size
     * @param guestAddress of the first byte
     */
    public static DriverMemory create(long size, long guestAddress) throws LinuxException {
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
            MappedMemory mapping = MappedMemory.ofFile(descriptor.number(), 0, size, protection);
            return new DriverMemory(descriptor.number(), 0, guestAddress, mapping, descriptor::close);
        } catch (LinuxException failed) {
            descriptor.close();
            throw failed;
        }
    }

    /**
     * A part of this memory, which must not be closed before it.
     *
     * @param offset of its first byte
     * @param size bytes
     * @param released called once, by {@link #close} of the part
     */
    public DriverMemory part(long offset, long size, Runnable released) {
        return new DriverMemory(
                descriptor, descriptorOffset + offset, guestAddress + offset, mapping.view(offset, size), released);
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
        return guestAddress + offset;
    }

    /** The address of a byte in this process, which vhost-user calls the user address. */
    public long userAddress(long offset) {
        return mapping.address() + offset;
    }

    /** The memfd, still owned by this object. */
    public int descriptor() {
        return descriptor;
    }

    /** Where in the memfd this memory begins. */
    public long descriptorOffset() {
        return descriptorOffset;
    }

    /**
     * Unmaps and closes it here, and a part is given back; the device keeps its own mapping. Does nothing the second
     * time.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            mapping.close();
            release.run();
        }
    }
}

package dev.oriel.virtio.memory;

import dev.oriel.linux.MappedMemory;
import java.lang.foreign.MemorySegment;

/**
 * A range of guest memory and where it is mapped here.
 *
 * <pre>
 *   mapping  0        offset                 offset + size
 *            +--------+------------------------+-----+
 *            |        | guestAddress ...       |     |
 *            +--------+------------------------+-----+
 * </pre>
 *
 * <p>Owns its mapping, or a share of one. The {@link GuestMemoryTable} it is given to closes it when no chain lies in
 * it any more.
 */
public final class GuestRegion implements AutoCloseable {
    private final long guestAddress;
    private final long userAddress;
    private final MemorySegment memory;
    private final boolean window;
    private final Runnable release;

    /**
     * @param guestAddress where the guest sees it (physical address)
     * @param size in bytes
     * @param userAddress where the front-end sees it: addresses of rings are given in this way
     * @param mapping the memory, owned by the region from now on
     * @param offset where in the mapping the region begins
     * @param window whether it is a part of a window of the device, see {@link #isWindow}
     * @throws InvalidSetupException if the range is empty, wraps around, or is not all mapped; the mapping still
     *     belongs to the caller
     */
    public GuestRegion(
            long guestAddress, long size, long userAddress, MappedMemory mapping, long offset, boolean window)
            throws InvalidSetupException {
        this(guestAddress, size, userAddress, mapping.segment(), offset, window, mapping::close);
    }

    /** A region of the guest's own memory, see {@link #GuestRegion(long, long, long, MappedMemory, long, boolean)}. */
    public GuestRegion(long guestAddress, long size, long userAddress, MappedMemory mapping, long offset)
            throws InvalidSetupException {
        this(guestAddress, size, userAddress, mapping, offset, false);
    }

    /**
     * A region of a mapping that others use as well.
     *
     * @param mapping memory that lives at least until {@code release} is called
     * @param offset where in the mapping the region begins
     * @param window whether it is a part of a window of the device, see {@link #isWindow}
     * @param release called once, when the region is used no more
     * @throws InvalidSetupException if the range is empty, wraps around, or is not all mapped; {@code release} is not
     *     called then
     */
    public GuestRegion(
            long guestAddress,
            long size,
            long userAddress,
            MemorySegment mapping,
            long offset,
            boolean window,
            Runnable release)
            throws InvalidSetupException {
        if (size <= 0 || wraps(guestAddress, size) || wraps(userAddress, size)) {
            throw new InvalidSetupException(
                    "memory region of 0x%x bytes at guest address 0x%x, user address 0x%x is empty or wraps around"
                            .formatted(size, guestAddress, userAddress));
        }
        if (offset < 0 || offset > mapping.byteSize() || size > mapping.byteSize() - offset) {
            throw new InvalidSetupException(
                    "memory region of 0x%x bytes at offset 0x%x is larger than its mapping of 0x%x bytes"
                            .formatted(size, offset, mapping.byteSize()));
        }
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
        this.window = window;
        this.release = release;
        memory = mapping.asSlice(offset, size);
    }

    /** Whether {@code [address, address + size)} leaves the 64 bits of an address; {@code size} is not negative. */
    public static boolean wraps(long address, long size) {
        return Long.compareUnsigned(address + size, address) < 0;
    }

    /** Where the guest sees it. Unsigned. */
    public long guestAddress() {
        return guestAddress;
    }

    /** Where the front-end sees it. Unsigned. */
    public long userAddress() {
        return userAddress;
    }

    /** In bytes. */
    public long size() {
        return memory.byteSize();
    }

    /** The memory of the region, all of it and nothing else. */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * Whether it is a part of a window of the device: pages of files, which may be cut short or slow to come. Only
     * system calls touch these: data may lie there, rings, heads of requests and replies may not.
     */
    public boolean isWindow() {
        return window;
    }

    boolean holdsGuestAddress(long address) {
        return Long.compareUnsigned(address - guestAddress, memory.byteSize()) < 0;
    }

    boolean holdsUserAddress(long address) {
        return Long.compareUnsigned(address - userAddress, memory.byteSize()) < 0;
    }

    boolean overlaps(GuestRegion other) {
        return holdsGuestAddress(other.guestAddress) || other.holdsGuestAddress(guestAddress);
    }

    /** Unmaps it, or gives its share of the mapping back. */
    @Override
    public void close() {
        release.run();
    }

    @Override
    public String toString() {
        return "memory region of 0x%x bytes at guest address 0x%x".formatted(size(), guestAddress);
    }
}

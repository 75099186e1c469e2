package dev.oriel.virtio.memory;

/**
 * A shared memory region of a device, as the device's end sees it: a range of the guest's address space (virtio 1.4,
 * section 2.10) that is filled in one of two ways. Either it is memory of its own, or pages of files are mapped into
 * it. Where the guest finds it is the carrier's matter.
 */
public sealed interface SharedMemoryRegion permits RegionMemory, MappableRegion {

    /** Size of the region in bytes: whole pages. */
    long length();
}

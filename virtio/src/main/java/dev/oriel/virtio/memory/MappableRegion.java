package dev.oriel.virtio.memory;

/**
 * A shared memory region into which the device maps pages of files.
 *
 * <p>Every call may wait for the other side, and returns only when the guest sees the change. One call at a time. What
 * is not mapped has no defined content, and the guest may see zeros there without any error: a device maps first and
 * tells the driver afterwards.
 */
public non-sealed interface MappableRegion extends SharedMemoryRegion {

    /** How many mappings the other side can bear at once. */
    int mappingsMax();

    /**
     * Maps pages of a file, readable and writable, where nothing is mapped yet.
     *
     * @param offset where in the region, a multiple of the page size
     * @param length bytes, a multiple of the page size, all of them within the file
     * @param fd the file, opened O_RDWR; it may be closed afterwards
     * @param fdOffset of the first byte in the file, a multiple of the page size
     * @return 0, or {@code -errno}: nothing is mapped then, or all that was known of the region is void because the
     *     other side is gone
     */
    int map(long offset, long length, int fd, long fdOffset);

    /**
     * Takes away a mapping, exactly as it was made.
     *
     * @return 0, or {@code -errno}
     */
    int unmap(long offset, long length);

    /**
     * Takes all mappings away, after the device was reset. Where the other side does so by itself there is nothing to
     * do.
     */
    default void clear() {}
}

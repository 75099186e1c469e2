package dev.oriel.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A mapping or a {@link #view} of one, and a segment over it that any thread may use. Closing unmaps it: later access
 * through the segment throws instead of crashing the JVM. A view must be closed before what it is a view of. Its
 * address, once handed to the kernel or put in an {@link IoVector}, is not protected in this way.
 *
 * <p>Closing waits for no system call and costs tens of microseconds: for memory tables and windows, not for requests.
 * A file that shrinks under its mapping turns access into {@link InternalError}: demand F_SEAL_SHRINK where it matters.
 */
public final class MappedMemory implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment segment;

    private MappedMemory(long address, long size) {
        arena = Arena.ofShared();
        segment = MemorySegment.ofAddress(address)
                .reinterpret(size, arena, mapping -> MemoryCalls.munmap(mapping.address(), mapping.byteSize()));
    }

    private MappedMemory(MemorySegment part) {
        arena = Arena.ofShared();
        segment = MemorySegment.ofAddress(part.address()).reinterpret(part.byteSize(), arena, null);
    }

    /**
     * Maps a file, shared with all who map it.
     *
     * @param fd the file; it may be closed afterwards
     * @param offset of the first byte, a multiple of the page size
     * @param size bytes, more than 0
     * @param protection {@code PROT_*} of {@link MemoryCalls}
     */
    public static MappedMemory ofFile(int fd, long offset, long size, int protection) throws LinuxException {
        return map(
                size, protection, MemoryCalls.MAP_SHARED, fd, offset, "map " + size + " bytes of a file at " + offset);
    }

    /** Maps new memory, zeroed when first touched, that only this process has. */
    public static MappedMemory anonymous(long size, int protection) throws LinuxException {
        int flags = MemoryCalls.MAP_PRIVATE | MemoryCalls.MAP_ANONYMOUS | MemoryCalls.MAP_NORESERVE;
        return map(size, protection, flags, -1, 0, "map " + size + " bytes of memory");
    }

    private static MappedMemory map(long size, int protection, int flags, int fd, long offset, String what)
            throws LinuxException {
        if (size <= 0) {
            // mmap(2) would say so too, but a negative size would pass as a huge one
            throw new LinuxException(what, Errno.EINVAL);
        }
        long address = LinuxException.checkLong(MemoryCalls.mmap(0, size, protection, flags, fd, offset), what);
        return new MappedMemory(address, size);
    }

    /**
     * Another segment over a part of the mapping, with a life of its own: closing it unmaps nothing, and access through
     * it throws from then on.
     *
     * @param offset of its first byte
     * @param size bytes
     */
    public MappedMemory view(long offset, long size) {
        return new MappedMemory(segment.asSlice(offset, size));
    }

    /** The mapping; its bounds are those of the mapping, its lifetime ends with {@link #close()}. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where the mapping begins in this process. */
    public long address() {
        return segment.address();
    }

    /** Bytes. */
    public long size() {
        return segment.byteSize();
    }

    /** Unmaps; does nothing the second time. */
    @Override
    public synchronized void close() {
        if (segment.scope().isAlive()) {
            arena.close();
        }
    }
}

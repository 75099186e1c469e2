package dev.oriel.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A mapping or a {@link #view} of one, and a segment over it that any thread may use. Closing unmaps it: later access through the
 * segment throws instead of crashing the JVM. A view must be closed before what it is a view of. Its address, once handed to the kernel
 * or put in an {@link IoVector}, is not protected in this way.
 *
 * <p>Closing waits for no system call and costs tens of microseconds: for memory tables and windows, not for requests. A file
 * that shrinks under its mapping turns access into {@link InternalError}: demand F_SEAL_SHRINK where it matters.
 */
public final class MappedMemory implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment segment;

    /** How many parts others have; guarded by this, as is what follows. */
    private int lent;

    private boolean closed;

    /** What this is a view of; null if it is no view. */
    private final @Nullable MappedMemory whole;

    private MappedMemory(long address, long size, @Nullable MappedMemory whole) {
        this.whole = whole;
        arena = Arena.ofShared();
        segment = MemorySegment.ofAddress(address).reinterpret(size, arena, null);
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
        return new MappedMemory(address, size, null);
    }

    /**
     * Another segment over a part of the mapping, with a life of its own: closing it unmaps nothing, and access through it throws from then on.
     *
     * @param offset of its first byte
     * @param size bytes
     */
    public MappedMemory view(long offset, long size) {
        return new MappedMemory(segment.asSlice(offset, size).address(), size, this);
    }

    /**
     * Gives a part to others for as long as an arena of theirs lives: the mapping stays until then, also if it is closed meanwhile.
     *
     * @param offset of its first byte
     * @param size bytes, more than 0
     * @param lifetime ends the access to the part
     * @param returned runs when the arena was closed, on whatever thread does that
     * @throws IllegalStateException if either is closed
     */
    public MemorySegment lend(long offset, long size, Arena lifetime, Runnable returned) {
        MemorySegment part = segment.asSlice(offset, size);
        MappedMemory owner = whole;
        if (owner != null) {
            return owner.lend(part.address() - owner.address(), size, lifetime, returned);
        }
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the memory is closed");
            }
            lent++;
        }
        try {
            return MemorySegment.ofAddress(part.address()).reinterpret(size, lifetime, _ -> {
                try {
                    returned.run();
                } finally {
                    takeBack();
                }
            });
        } catch (RuntimeException refused) {
            takeBack();
            throw refused;
        }
    }

    private synchronized void takeBack() {
        lent--;
        if (closed && lent == 0) {
            unmap();
        }
    }

    private void unmap() {
        if (whole == null) {
            MemoryCalls.munmap(segment.address(), segment.byteSize());
        }
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

    /** Ends access, and unmaps as soon as no part is lent; does nothing the second time. */
    @Override
    public synchronized void close() {
        if (!closed) {
            arena.close();
            closed = true;
            if (lent == 0) {
                unmap();
            }
        }
    }
}

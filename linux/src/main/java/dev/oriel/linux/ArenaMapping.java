package dev.oriel.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Mapped segments of an arena, as {@link FileChannel#map(MapMode, long, long, Arena)} makes them, of which the pages
 * are put in place afterwards. Such a segment can be loaded, forced and asked whether it is loaded; only the JDK can
 * make one, so it maps a file of zeros here, and other mappings are laid over it. The JDK unmaps all of it when the
 * arena is closed.
 *
 * <p>For set-up code, any thread.
 */
public final class ArenaMapping {
    private final MemorySegment segment;
    private final int protection;

    private ArenaMapping(MemorySegment segment, int protection) {
        this.segment = segment;
        this.protection = protection;
    }

    /**
     * Memory of an arena that belongs to nobody else, all zero, to be written to.
     *
     * @param size bytes, more than 0
     * @throws IllegalStateException if the arena is closed
     */
    public static MemorySegment zeros(long size, Arena arena) throws IOException {
        return mapHole(MapMode.PRIVATE, size, arena);
    }

    /**
     * Maps a file in memory that nobody writes to. Its channel is for this call alone: a thread that is interrupted
     * closes it.
     */
    private static MemorySegment mapHole(MapMode mode, long size, Arena arena) throws IOException {
        try (Arena name = Arena.ofConfined()) {
            int fd = LinuxException.check(
                    MemoryCalls.memfd_create(CString.of("oriel-zeros", name), MemoryCalls.MFD_CLOEXEC),
                    "create a file in memory");
            try (Descriptor file = new Descriptor(fd);
                    FileChannel channel = FileChannel.open(
                            Path.of("/proc/self/fd/" + file.number()),
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE)) {
                return channel.map(mode, 0, size, arena);
            }
        }
    }

    /**
     * Takes address space until an arena is closed.
     *
     * @param size bytes, a multiple of the page size, more than 0
     * @param writable whether the segment is to be written to; if not, it and its pages are read-only
     * @throws IllegalStateException if the arena is closed
     */
    public static ArenaMapping reserve(long size, boolean writable, Arena arena) throws IOException {
        MapMode mode = writable ? MapMode.PRIVATE : MapMode.READ_ONLY;
        int protection = writable ? MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE : MemoryCalls.PROT_READ;
        return new ArenaMapping(mapHole(mode, size, arena), protection);
    }

    /** All of it, alive as long as the arena. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Maps a part of a file, shared with all who map it, in place of what was there.
     *
     * @param offset where, a multiple of the page size
     * @param length bytes, inside this
     * @param fd open for what this is reserved for
     * @param fileOffset a multiple of the page size
     */
    public void map(long offset, long length, int fd, long fileOffset) throws LinuxException {
        long address = segment.asSlice(offset, length).address();
        int flags = MemoryCalls.MAP_SHARED | MemoryCalls.MAP_FIXED;
        LinuxException.checkLong(
                MemoryCalls.mmap(address, length, protection, flags, fd, fileOffset),
                "map " + length + " bytes of a file at " + fileOffset);
    }

    /**
     * Has something done when an arena is closed.
     *
     * @param action on the thread that closes it; access has ended by then
     * @throws IllegalStateException if the arena is closed
     */
    public static void onClose(Arena arena, Runnable action) {
        // a segment of no bytes, whose address means nothing
        MemorySegment _ = MemorySegment.ofAddress(1).reinterpret(0, arena, _ -> action.run());
    }
}

package dev.oriel.driver.nio;

import dev.oriel.driver.DaxDevice;
import dev.oriel.linux.ArenaMapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import org.jspecify.annotations.Nullable;

/** Parts of an open file as memory: pinned ranges of the DAX window, or copies where there is none. */
final class FileMappings {
    private final OpenNode open;

    FileMappings(OpenNode open) {
        this.open = open;
    }

    /** As {@link VirtioFileChannel#map(MapMode, long, long)}; its arguments are checked. */
    MappedByteBuffer map(MapMode mode, long from, int size, boolean writable) throws IOException {
        DaxDevice dax = prepare(mode, from, size, writable);
        if (dax == null || size == 0) {
            ByteBuffer copy = ByteBuffer.allocateDirect(size);
            fill(MemorySegment.ofBuffer(copy), from);
            return (MappedByteBuffer) (mode.equals(MapMode.READ_ONLY) ? copy.asReadOnlyBuffer() : copy);
        }
        return PinnedMemory.buffer(open, dax, from, size, mode.equals(MapMode.READ_WRITE));
    }

    /** As {@link VirtioFileChannel#map(MapMode, long, long, Arena)}; its arguments are checked. */
    MemorySegment map(MapMode mode, long from, long size, Arena arena, boolean writable) throws IOException {
        DaxDevice dax = prepare(mode, from, size, writable);
        if (dax == null || size == 0) {
            MemorySegment copy = size == 0 ? arena.allocate(0) : ArenaMapping.zeros(size, arena);
            fill(copy, from);
            return mode.equals(MapMode.READ_ONLY) ? copy.asReadOnly() : copy;
        }
        return PinnedMemory.segment(open, dax, from, size, mode.equals(MapMode.READ_WRITE), arena);
    }

    /** Sees to it that the file has the range: the window to map it from, or null if it is to be copied. */
    private @Nullable DaxDevice prepare(MapMode mode, long from, long size, boolean writable) throws IOException {
        open.checkFile("map");
        DaxDevice dax = open.client().dax().filter(DaxDevice::pinnable).orElse(null);
        if (dax == null && mode.equals(MapMode.READ_WRITE)) {
            throw new UnsupportedOperationException("the share of " + open.place()
                    + " has no DAX window, so a file can be mapped READ_ONLY and PRIVATE only");
        }
        if (from + size > open.size()) {
            if (!writable) {
                throw new IOException(open.place() + " ends before the range to map");
            }
            open.resize(from + size);
        }
        return mode.equals(MapMode.PRIVATE) ? null : dax;
    }

    /** As much as there is; what the file lost meanwhile stays zero. */
    private void fill(MemorySegment copy, long from) throws IOException {
        long done = 0;
        while (done < copy.byteSize()) {
            long read = open.client().files().read(open.file(), from + done, copy.asSlice(done));
            if (read == 0) {
                return;
            }
            done += read;
        }
    }
}

package dev.oriel.virtio.memory;

import dev.oriel.linux.ArenaMapping;
import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.StatxBuffer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A shared memory region of a device in the address space of this process: a reserved range, in which parts of files
 * are mapped and taken away again. A driver in this process looks at its device through it; for a device on a bus of
 * this process it is the memory slot that the region occupies.
 *
 * <pre>
 *   0                                                        size
 *   +------------+------------------+--------+-------------+
 *   | own zeros  | file A, 2 MiB on | zeros  | file B      |
 *   +------------+------------------+--------+-------------+
 * </pre>
 *
 * <p>What is not mapped is memory of our own, all zero at first, so no access ever faults for want of a mapping. What
 * is mapped for reading only is mapped copy-on-write: a stray write does not end the process, and does not reach the
 * file either. A file that shrinks under its mapping turns access into {@link InternalError}. Any thread may use the
 * memory; the methods are safe too.
 */
public final class SharedMemoryWindow implements MappableRegion, AutoCloseable {
    private static final int PROTECTION = MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE;

    /**
     * Most mappings. A process has {@code vm.max_map_count} of them, which the JVM needs too, and between two mappings
     * here there may be a hole, which is one more.
     */
    private static final int MAPPINGS_MAX = mapCount() / 4;

    private static final int USUAL_MAP_COUNT = 65530;

    /** One mapping: where it ends, and which pages it shows. */
    private record Extent(long end, Pages pages) {
        boolean writable() {
            return pages.file.writable();
        }
    }

    /** The file of a mapping, and by how much its offsets are more than those of the window. */
    private record Pages(MappedFiles.Id file, long shift) {
        Pages shifted(long by) {
            return new Pages(file, shift + by);
        }
    }

    private final MappedMemory memory;
    private final int pageSize = MemoryCalls.pageSize();

    /** Guarded by itself, as views share it. */
    private final NavigableMap<Long, Extent> mapped;

    /** The files of what is mapped. Guarded by that. */
    private final MappedFiles files;

    private final boolean view;

    private SharedMemoryWindow(
            MappedMemory memory, NavigableMap<Long, Extent> mapped, MappedFiles files, boolean view) {
        this.view = view;
        this.memory = memory;
        this.mapped = mapped;
        this.files = files;
    }

    /**
     * Takes address space for a region in which nothing is mapped yet.
     *
     * @param size bytes, a multiple of the page size
     */
    public static SharedMemoryWindow reserve(long size) throws LinuxException {
        return new SharedMemoryWindow(
                MappedMemory.anonymous(size, PROTECTION), new TreeMap<>(), new MappedFiles(), false);
    }

    /**
     * The same window with a life of its own: closing the view takes nothing away, but access through it throws from
     * then on.
     */
    public SharedMemoryWindow view() {
        return new SharedMemoryWindow(memory.view(0, memory.size()), mapped, files, true);
    }

    /** The window; access after {@link #close()} throws. */
    public MemorySegment segment() {
        return memory.segment();
    }

    /**
     * Shows what is mapped in a range once more, for as long as an arena lives: also when the device maps other files
     * there, or this is closed.
     *
     * @param offset of the first byte
     * @param length bytes, more than 0
     * @param writable whether it is to be written to, by way of mappings that are writable
     * @return a mapped segment; read-only if it is not to be written to
     * @throws IOException if not all of it is mapped, or cannot be mapped again
     * @throws IllegalStateException if the arena is closed
     */
    public MemorySegment show(long offset, long length, boolean writable, Arena arena) throws IOException {
        long from = offset / pageSize * pageSize;
        long to = (offset + length + pageSize - 1) / pageSize * pageSize;
        synchronized (mapped) {
            if (!covered(from, to)) {
                throw new LinuxException("show a part of a window in which nothing is mapped", Errno.ENXIO);
            }
            ArenaMapping shown = ArenaMapping.reserve(to - from, writable, arena);
            for (long at = from; at < to; ) {
                Extent extent = mapped.floorEntry(at).getValue();
                long end = Math.min(extent.end, to);
                int fd = files.number(extent.pages.file);
                shown.map(at - from, end - at, fd, at + extent.pages.shift);
                at = end;
            }
            return shown.segment().asSlice(offset - from, length);
        }
    }

    @Override
    public long length() {
        return memory.size();
    }

    /** A quarter of what the kernel lets this process have ({@code vm.max_map_count}). */
    @Override
    public int mappingsMax() {
        return MAPPINGS_MAX;
    }

    private static int mapCount() {
        // at once: such a file has no more to read after its first bytes were read
        try (InputStream value = Files.newInputStream(Path.of("/proc/sys/vm/max_map_count"))) {
            return Integer.parseInt(new String(value.readNBytes(32), StandardCharsets.US_ASCII).strip());
        } catch (IOException | NumberFormatException unknown) {
            return USUAL_MAP_COUNT;
        }
    }

    @Override
    public int map(long offset, long length, int fd, long fdOffset) {
        return map(fd, fdOffset, offset, length, true);
    }

    /** Bytes that the device has mapped at this moment. */
    public long mappedBytes() {
        synchronized (mapped) {
            long sum = 0;
            for (Map.Entry<Long, Extent> entry : mapped.entrySet()) {
                sum += entry.getValue().end - entry.getKey();
            }
            return sum;
        }
    }

    /** Whether the device has mapped all bytes of a range. */
    public boolean isMapped(long offset, long length) {
        synchronized (mapped) {
            return covered(offset, offset + length);
        }
    }

    /** Whether what is written to any byte of a range that the device has mapped reaches its file. */
    public boolean isWritable(long offset, long length) {
        synchronized (mapped) {
            Map.Entry<Long, Extent> first = mapped.floorEntry(offset);
            long from = first != null && first.getValue().end > offset ? first.getKey() : offset;
            for (Extent extent : mapped.subMap(from, offset + length).values()) {
                if (!extent.writable()) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Whether two ranges show the same pages of one file, and what is written to either reaches them. */
    public boolean isSameMemory(long one, long other, long length) {
        synchronized (mapped) {
            long done = 0;
            while (done < length) {
                Map.Entry<Long, Extent> first = mapped.floorEntry(one + done);
                Map.Entry<Long, Extent> second = mapped.floorEntry(other + done);
                if (first == null
                        || second == null
                        || !first.getValue().writable()
                        || !second.getValue().writable()
                        || !first.getValue()
                                .pages
                                .shifted(one)
                                .equals(second.getValue().pages.shifted(other))) {
                    return false;
                }
                long left = Math.min(first.getValue().end - one, second.getValue().end - other);
                if (left <= done) {
                    return false;
                }
                done = left;
            }
            return true;
        }
    }

    /**
     * Maps part of a file, in place of what was there.
     *
     * @return 0, or -EINVAL if the range is not whole pages inside the window and the file, -EACCES if it is no regular
     *     file, or -ENXIO after {@link #close}, -ENOMEM if there are too many mappings, or what mmap(2) says; then
     *     nothing has changed
     */
    public int map(int fd, long fileOffset, long offset, long length, boolean writable) {
        synchronized (mapped) {
            if (isOutside(offset, length)
                    || fileOffset < 0
                    || fileOffset % pageSize != 0
                    || fileOffset > Long.MAX_VALUE - length) {
                return -Errno.EINVAL;
            }
            StatxBuffer attributes = new StatxBuffer();
            int looked =
                    FileCalls.statx(fd, CString.EMPTY, At.AT_EMPTY_PATH, StatxBuffer.STATX_BASIC_STATS, attributes);
            if (looked < 0) {
                return looked;
            }
            if (attributes.type() != FileMode.S_IFREG) {
                // what a device or a socket does when it is mapped nobody can check
                return -Errno.EACCES;
            }
            long filePages = (attributes.size() + pageSize - 1) / pageSize * pageSize;
            if (fileOffset + length > filePages) {
                return -Errno.EINVAL;
            }
            if (!memory.segment().scope().isAlive()) {
                // what is at this address now is somebody else's
                return -Errno.ENXIO;
            }
            if (mapped.size() >= MAPPINGS_MAX) {
                return -Errno.ENOMEM;
            }
            int sharing = writable ? MemoryCalls.MAP_SHARED : MemoryCalls.MAP_PRIVATE;
            MappedFiles.Id file =
                    new MappedFiles.Id(attributes.devMajor(), attributes.devMinor(), attributes.ino(), writable);
            int kept = files.hold(file, fd);
            if (kept < 0) {
                return kept;
            }
            long address = MemoryCalls.mmap(
                    memory.address() + offset, length, PROTECTION, sharing | MemoryCalls.MAP_FIXED, fd, fileOffset);
            if (address < 0) {
                files.release(file);
                return (int) address;
            }
            forget(offset, offset + length);
            mapped.put(offset, new Extent(offset + length, new Pages(file, fileOffset - offset)));
            return 0;
        }
    }

    /**
     * Takes mappings away.
     *
     * @return 0; -EINVAL if not all of the range is mapped, or it is not whole pages, -ENOMEM if there would be too
     *     many mappings, -ENXIO after {@link #close}; then nothing has changed
     */
    @Override
    public int unmap(long offset, long length) {
        synchronized (mapped) {
            if (isOutside(offset, length) || !covered(offset, offset + length)) {
                return -Errno.EINVAL;
            }
            if (mapped.size() >= MAPPINGS_MAX && splits(offset, offset + length)) {
                return -Errno.ENOMEM;
            }
            int result = memory.segment().scope().isAlive() ? fill(offset, length) : -Errno.ENXIO;
            if (result == 0) {
                forget(offset, offset + length);
            }
            return result;
        }
    }

    @Override
    public void clear() {
        synchronized (mapped) {
            if (!mapped.isEmpty() && memory.segment().scope().isAlive() && fill(0, length()) == 0) {
                forget(0, length());
            }
        }
    }

    private int fill(long offset, long length) {
        int flags =
                MemoryCalls.MAP_PRIVATE | MemoryCalls.MAP_ANONYMOUS | MemoryCalls.MAP_NORESERVE | MemoryCalls.MAP_FIXED;
        long address = MemoryCalls.mmap(memory.address() + offset, length, PROTECTION, flags, -1, 0);
        return address < 0 ? (int) address : 0;
    }

    private boolean isOutside(long offset, long length) {
        return offset < 0
                || length <= 0
                || length > length()
                || offset > length() - length
                || offset % pageSize != 0
                || length % pageSize != 0;
    }

    private boolean covered(long from, long to) {
        long reached = from;
        while (reached < to) {
            Map.Entry<Long, Extent> entry = mapped.floorEntry(reached);
            if (entry == null || entry.getValue().end <= reached) {
                return false;
            }
            reached = entry.getValue().end;
        }
        return true;
    }

    /** Whether a range is cut out of the middle of a mapping, which makes two of one. */
    private boolean splits(long from, long to) {
        Map.Entry<Long, Extent> before = mapped.lowerEntry(from);
        return before != null && before.getValue().end > to;
    }

    /** Cuts a range out of the record of what is mapped. */
    private void forget(long from, long to) {
        Map.Entry<Long, Extent> before = mapped.lowerEntry(from);
        if (before != null && before.getValue().end > from) {
            Extent extent = before.getValue();
            mapped.put(before.getKey(), new Extent(from, extent.pages));
            if (extent.end > to) {
                files.holdAgain(extent.pages.file);
                mapped.put(to, extent);
            }
        }
        Map.Entry<Long, Extent> last = mapped.lowerEntry(to);
        if (last != null && last.getKey() >= from && last.getValue().end > to) {
            files.holdAgain(last.getValue().pages.file);
            mapped.put(to, last.getValue());
        }
        NavigableMap<Long, Extent> gone = mapped.subMap(from, true, to, false);
        gone.values().forEach(extent -> files.release(extent.pages.file));
        gone.clear();
    }

    /**
     * Unmaps all of it and gives the address space back, unless this is a view. Nothing can be mapped through it any
     * more.
     */
    @Override
    public void close() {
        synchronized (mapped) {
            memory.close();
            if (!view) {
                files.close();
            }
        }
    }
}

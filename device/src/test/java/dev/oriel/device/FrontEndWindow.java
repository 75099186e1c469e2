package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.StatxBuffer;
import dev.oriel.virtio.memory.MappableRegion;
import dev.oriel.virtio.memory.RegionMemory;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A window as a front-end makes it, as strict as QEMU: no mapping over another, none behind the end of a file, none too
 * many. Or one that is memory of its own, in which nothing is mapped.
 */
final class FrontEndWindow implements MappableRegion, AutoCloseable {
    private static final int READ_WRITE = MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE;

    private final MappedMemory memory;
    private final @Nullable RegionMemory own;
    private final int mappingsMax;
    final TreeMap<Long, Long> mappings = new TreeMap<>();

    /** What the next mappings are answered with, for as long as it is not 0. */
    int refusal;

    int most;

    FrontEndWindow(long length, int mappingsMax, boolean isMemory) throws LinuxException {
        memory = MappedMemory.anonymous(length, READ_WRITE);
        own = isMemory ? new RegionMemory(length) : null;
        this.mappingsMax = mappingsMax;
    }

    @Override
    public long length() {
        return memory.size();
    }

    /** What the device gets. */
    SharedMemoryRegion region() {
        return own == null ? this : own;
    }

    @Override
    public int mappingsMax() {
        return mappingsMax;
    }

    @Override
    public int map(long offset, long length, int fd, long fdOffset) {
        assertThat(own).as("nothing is mapped where the window is memory").isNull();
        if (refusal != 0) {
            return refusal;
        }
        Map.Entry<Long, Long> before = mappings.lowerEntry(offset + length);
        if (before != null && before.getKey() + before.getValue() > offset) {
            return -Errno.EEXIST;
        }
        if (fdOffset + length > size(fd)) {
            return -Errno.EINVAL;
        }
        int flags = MemoryCalls.MAP_SHARED | MemoryCalls.MAP_FIXED;
        long address = MemoryCalls.mmap(memory.address() + offset, length, READ_WRITE, flags, fd, fdOffset);
        assertThat(address).isEqualTo(memory.address() + offset);
        mappings.put(offset, length);
        most = Math.max(most, mappings.size());
        assertThat(mappings.size()).isLessThanOrEqualTo(mappingsMax);
        return 0;
    }

    @Override
    public int unmap(long offset, long length) {
        if (!mappings.remove(offset, length)) {
            return -Errno.ENOENT;
        }
        int flags = MemoryCalls.MAP_PRIVATE | MemoryCalls.MAP_FIXED | MemoryCalls.MAP_ANONYMOUS;
        MemoryCalls.mmap(memory.address() + offset, length, READ_WRITE, flags, -1, 0);
        return 0;
    }

    /** What the client sees. */
    MemorySegment at(long offset, long length) {
        return (own == null ? memory.segment() : own.segment()).asSlice(offset, length);
    }

    private static long size(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            StatxBuffer stat = new StatxBuffer(arena);
            assertThat(FileCalls.statx(
                            fd, CString.of("", arena), At.AT_EMPTY_PATH, StatxBuffer.STATX_BASIC_STATS, stat))
                    .isZero();
            return stat.size();
        }
    }

    @Override
    public void close() {
        memory.close();
        if (own != null) {
            own.close();
        }
    }
}

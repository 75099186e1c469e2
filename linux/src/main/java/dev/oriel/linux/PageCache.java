package dev.oriel.linux;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The pages of a file that the host has in memory, whoever made it read them. */
public final class PageCache {
    private static final int POSIX_FADV_WILLNEED = 3;
    private static final int POSIX_FADV_DONTNEED = 4;

    private static final MethodHandle MINCORE = Native.link("mincore", 3);
    private static final MethodHandle POSIX_FADVISE = Native.link("posix_fadvise", 4);

    private PageCache() {}

    /**
     * How many pages of a file are in memory ({@code mincore}). The caller must be able to write the file, or own it.
     */
    public static long pages(Path file, long size) throws LinuxException {
        if (size == 0) {
            return 0;
        }
        int fd = open(file);
        try (MappedMemory memory = MappedMemory.ofFile(fd, 0, size, MemoryCalls.PROT_READ);
                Arena arena = Arena.ofConfined()) {
            long count = (size + MemoryCalls.pageSize() - 1) / MemoryCalls.pageSize();
            MemorySegment present = arena.allocate(count);
            LinuxException.check(
                    Native.callInt(MINCORE, memory.address(), size, Native.address(present)), "mincore of " + file);
            long pages = 0;
            for (long i = 0; i < count; i++) {
                pages += present.get(ValueLayout.JAVA_BYTE, i) & 1;
            }
            return pages;
        } finally {
            FileCalls.close(fd);
        }
    }

    /**
     * Writes a file out and lets its pages go, but for those that somebody has mapped. Those of a file that is on no
     * disk (tmpfs) stay.
     */
    public static void drop(Path file) throws LinuxException {
        int fd = open(file);
        try {
            LinuxException.check(FileCalls.fsync(fd), "fsync of " + file);
            // answers the error itself, where other calls set errno
            LinuxException.check(
                    -Native.callInt(POSIX_FADVISE, fd, 0, 0, POSIX_FADV_DONTNEED), "posix_fadvise of " + file);
        } finally {
            FileCalls.close(fd);
        }
    }

    /**
     * Has the kernel begin to read a part of an open file into memory. It is only a hint: what cannot be read is told
     * to whoever reads it.
     *
     * @param fd open for reading
     * @param length bytes; nothing is done if it is not more than 0
     */
    public static void readAhead(int fd, long offset, long length) {
        if (length > 0) {
            int _ = Native.callInt(POSIX_FADVISE, fd, offset, length, POSIX_FADV_WILLNEED);
        }
    }

    private static int open(Path file) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            return LinuxException.check(
                    FileCalls.openat(At.AT_FDCWD, CString.of(file.toString(), arena), OpenFlags.O_RDONLY, 0),
                    "open " + file);
        }
    }
}

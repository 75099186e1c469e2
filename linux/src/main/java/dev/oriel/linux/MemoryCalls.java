package dev.oriel.linux;

import static java.lang.Integer.toUnsignedLong;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls on memory: each method is the C function of its name (see its manual page), and answers what that
 * answers or {@code -errno}. They take addresses, and can pull memory away from under anything: {@link MappedMemory} is
 * the safe way.
 */
public final class MemoryCalls {
    public static final int PROT_NONE = 0;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;

    public static final int MAP_SHARED = 0x01;
    public static final int MAP_PRIVATE = 0x02;
    public static final int MAP_FIXED = 0x10;
    public static final int MAP_ANONYMOUS = 0x20;
    public static final int MAP_NORESERVE = 0x4000;
    public static final int MAP_POPULATE = 0x8000;
    public static final int MAP_FIXED_NOREPLACE = 0x100000;

    public static final int MADV_DONTNEED = 4;
    public static final int MADV_REMOVE = 9;
    public static final int MADV_DONTDUMP = 16;

    public static final int MFD_CLOEXEC = 1;
    public static final int MFD_ALLOW_SEALING = 2;
    public static final int MFD_HUGETLB = 4;

    public static final int F_SEAL_SEAL = 0x01;
    public static final int F_SEAL_SHRINK = 0x02;
    public static final int F_SEAL_GROW = 0x04;
    public static final int F_SEAL_WRITE = 0x08;

    private static final MethodHandle MMAP = Native.link("mmap", 6);
    private static final MethodHandle MUNMAP = Native.link("munmap", 2);

    private MemoryCalls() {}

    private static final class Rare {
        static final MethodHandle MEMFD_CREATE = Native.link("memfd_create", 2);
        static final MethodHandle MADVISE = Native.link("madvise", 3);

        private Rare() {}
    }

    private static final class PageSize {
        static final int BYTES = Native.callInt(Native.link("getpagesize", 1), 0);

        private PageSize() {}
    }

    /** Bytes in a page of this host. */
    public static int pageSize() {
        return PageSize.BYTES;
    }

    /**
     * {@code void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)}. With MAP_FIXED
     * it replaces whatever is mapped there.
     *
     * @return the address of the mapping, or -errno
     */
    public static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        return Native.callLong(MMAP, address, length, protection, flags, fd, offset);
    }

    /**
     * {@code int munmap(void *address, size_t length)}. No segment over the range may be used again: the JVM would
     * crash.
     */
    public static int munmap(long address, long length) {
        return Native.callInt(MUNMAP, address, length);
    }

    /** {@code int madvise(void *address, size_t length, int advice)}. */
    public static int madvise(long address, long length, int advice) {
        return Native.callInt(Rare.MADVISE, address, length, advice);
    }

    /**
     * {@code int memfd_create(const char *name, unsigned int flags)}. MFD_CLOEXEC is added.
     *
     * @param name shown in /proc, ends with NUL
     * @return an open descriptor of an empty file, owned by the caller
     */
    public static int memfd_create(MemorySegment name, int flags) {
        try {
            return Native.callInt(Rare.MEMFD_CREATE, Native.address(name), toUnsignedLong(flags | MFD_CLOEXEC));
        } finally {
            reachabilityFence(name);
        }
    }

    /** {@code int fcntl(int fd, F_ADD_SEALS, int seals)}. */
    public static int addSeals(int fd, int seals) {
        return FileCalls.fcntl(fd, FcntlCommand.F_ADD_SEALS, seals);
    }

    /**
     * {@code int fcntl(int fd, F_GET_SEALS)}.
     *
     * @return {@code F_SEAL_*}; -EINVAL for a file that cannot be sealed
     */
    public static int getSeals(int fd) {
        return FileCalls.fcntl(fd, FcntlCommand.F_GET_SEALS, 0);
    }
}

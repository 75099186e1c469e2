package dev.oriel.linux;

import static java.lang.Integer.toUnsignedLong;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Machine;
import dev.oriel.linux.abi.Native;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls on files, but for those on names ({@link NameCalls}) and extended attributes ({@link XattrCalls}): each
 * method is the C function of its name (see its manual page).
 *
 * <p>A method answers what the call answers, or {@code -errno}; it throws only for mistakes of the calling code: heap
 * memory, closed memory, a buffer shorter than the stated length. It allocates nothing. Paths and names are native
 * memory that ends with NUL ({@link CString}, {@link ProcSelfFd}). Memory must stay open until the call returns. Any
 * thread may call; ids, capabilities and umask are those of the calling thread ({@link
 * dev.oriel.linux.credential.ThreadCredentials}).
 *
 * <p>A call that a signal interrupts answers -EINTR; that is rare, as the signal handlers of the JVM let calls go on.
 */
public final class FileCalls {
    private static final MethodHandle OPENAT = Native.link("openat", 4);
    private static final MethodHandle CLOSE = Native.link("close", 1);
    private static final MethodHandle WRITE = Native.link("write", 3);
    private static final MethodHandle PREADV2 = Native.link("preadv2", 5);
    private static final MethodHandle PWRITEV2 = Native.link("pwritev2", 5);
    private static final MethodHandle STATX = Native.link("statx", 5);
    private static final MethodHandle FCNTL = Native.link("fcntl", 3);

    private FileCalls() {}

    /** Calls that the C library does not wrap, or changes on the way. */
    private static final class Raw {
        static final MethodHandle SYSCALL_5 = Native.link("syscall", 5);

        private Raw() {}
    }

    /** Calls that change attributes, and those that describe a file system. */
    private static final class Attributes {
        static final MethodHandle FSTATFS = Native.link("fstatfs", 2);
        static final MethodHandle FCHMODAT = Native.link("fchmodat", 4);
        static final MethodHandle FCHOWNAT = Native.link("fchownat", 5);
        static final MethodHandle UTIMENSAT = Native.link("utimensat", 4);

        private Attributes() {}
    }

    /** Calls on the content of a file other than reading and writing it. */
    private static final class Content {
        static final MethodHandle FTRUNCATE = Native.link("ftruncate", 2);
        static final MethodHandle FALLOCATE = Native.link("fallocate", 4);
        static final MethodHandle LSEEK = Native.link("lseek", 3);
        static final MethodHandle COPY_FILE_RANGE = Native.link("copy_file_range", 6);
        static final MethodHandle FSYNC = Native.link("fsync", 1);
        static final MethodHandle FDATASYNC = Native.link("fdatasync", 1);
        static final MethodHandle SYNCFS = Native.link("syncfs", 1);
        static final MethodHandle FLOCK = Native.link("flock", 2);
        static final MethodHandle IOCTL = Native.link("ioctl", 3);

        private Content() {}
    }

    private static final class Handles {
        static final MethodHandle NAME_TO_HANDLE_AT = Native.link("name_to_handle_at", 5);
        static final MethodHandle OPEN_BY_HANDLE_AT = Native.link("open_by_handle_at", 3);

        private Handles() {}
    }

    /**
     * {@code int openat(int dirfd, const char *path, int flags, mode_t mode)}. O_CLOEXEC is added.
     *
     * @param flags {@link OpenFlags}
     * @return an open descriptor, owned by the caller
     */
    public static int openat(int dirfd, MemorySegment path, int flags, int mode) {
        try {
            return Native.callInt(
                    OPENAT, dirfd, Native.address(path), flags | OpenFlags.O_CLOEXEC, toUnsignedLong(mode));
        } finally {
            reachabilityFence(path);
        }
    }

    /** {@code int close(int fd)}. The descriptor is gone even if the answer is an error: never call it again. */
    public static int close(int fd) {
        return Native.callInt(CLOSE, fd);
    }

    /**
     * {@code int fcntl(int fd, F_DUPFD_CLOEXEC, 0)}.
     *
     * @return a second descriptor for the same open file, owned by the caller
     */
    public static int dup(int fd) {
        return Native.callInt(FCNTL, fd, FcntlCommand.F_DUPFD_CLOEXEC, 0);
    }

    /** {@code ssize_t write(int fd, const void *buffer, size_t length)}. */
    public static long write(int fd, MemorySegment buffer, long length) {
        try {
            return Native.callLong(WRITE, fd, Native.address(buffer, length), length);
        } finally {
            reachabilityFence(buffer);
        }
    }

    /**
     * {@code ssize_t preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)}. Reads into memory
     * that nobody checks: the caller has checked each address and length.
     *
     * @param iovAddress address of an array of struct iovec ({@link IoVector#address()})
     * @param iovCount at most {@link IoVector#SYSTEM_CALL_MAX}, or the answer is -EINVAL
     * @param offset position in the file; -1 for the position of the descriptor
     * @param flags {@link TransferFlags}
     */
    public static long preadv2(int fd, long iovAddress, int iovCount, long offset, int flags) {
        return Native.callLong(PREADV2, fd, iovAddress, iovCount, offset, flags);
    }

    /**
     * {@code ssize_t pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)}. Writes from
     * memory that nobody checks: the caller has checked each address and length.
     *
     * @param iovAddress address of an array of struct iovec ({@link IoVector#address()})
     * @param iovCount at most {@link IoVector#SYSTEM_CALL_MAX}, or the answer is -EINVAL
     * @param offset position in the file; -1 for the position of the descriptor
     * @param flags {@link TransferFlags}
     */
    public static long pwritev2(int fd, long iovAddress, int iovCount, long offset, int flags) {
        return Native.callLong(PWRITEV2, fd, iovAddress, iovCount, offset, flags);
    }

    /**
     * {@code preadv2} on all pieces of a vector. Fills memory that nobody checks: the caller has checked each address
     * and length.
     *
     * @param pieces at most {@link IoVector#SYSTEM_CALL_MAX}, or the answer is -EINVAL
     * @param offset position in the file; -1 for the position of the descriptor
     * @param flags {@link TransferFlags}
     */
    public static long preadv2(int fd, IoVector pieces, long offset, int flags) {
        try {
            return Native.callLong(PREADV2, fd, pieces.address(), pieces.count(), offset, flags);
        } finally {
            reachabilityFence(pieces);
        }
    }

    /**
     * {@code pwritev2} on all pieces of a vector. Writes memory that nobody checks: the caller has checked each address
     * and length.
     *
     * @param pieces at most {@link IoVector#SYSTEM_CALL_MAX}, or the answer is -EINVAL
     * @param offset position in the file; -1 for the position of the descriptor
     * @param flags {@link TransferFlags}
     */
    public static long pwritev2(int fd, IoVector pieces, long offset, int flags) {
        try {
            return Native.callLong(PWRITEV2, fd, pieces.address(), pieces.count(), offset, flags);
        } finally {
            reachabilityFence(pieces);
        }
    }

    /**
     * {@code int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *out)}.
     *
     * @param flags {@link At}
     * @param mask {@code STATX_*} of {@link StatxBuffer}
     */
    public static int statx(int dirfd, MemorySegment path, int flags, int mask, StatxBuffer out) {
        try {
            return Native.callInt(
                    STATX, dirfd, Native.address(path), flags, toUnsignedLong(mask), Native.address(out.segment()));
        } finally {
            reachabilityFence(path);
            reachabilityFence(out);
        }
    }

    /** {@code int fstatfs(int fd, struct statfs *out)}. */
    public static int fstatfs(int fd, StatfsBuffer out) {
        try {
            return Native.callInt(Attributes.FSTATFS, fd, Native.address(out.segment()));
        } finally {
            reachabilityFence(out);
        }
    }

    /**
     * {@code int faccessat2(int dirfd, const char *path, int mode, int flags)}, Linux 5.8.
     *
     * @param mode {@code F_OK} or a combination of {@code R_OK, W_OK, X_OK} of {@link At}
     */
    public static int faccessat2(int dirfd, MemorySegment path, int mode, int flags) {
        try {
            return Native.callInt(Raw.SYSCALL_5, Machine.SYS_FACCESSAT2, dirfd, Native.address(path), mode, flags);
        } finally {
            reachabilityFence(path);
        }
    }

    /** {@code int chmod(const char *path, mode_t mode)}. Follows links, as those of {@link ProcSelfFd}. */
    public static int chmod(MemorySegment path, int mode) {
        try {
            return Native.callInt(Attributes.FCHMODAT, At.AT_FDCWD, Native.address(path), toUnsignedLong(mode), 0);
        } finally {
            reachabilityFence(path);
        }
    }

    /**
     * {@code int fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)}; an id of -1 stays as it is.
     */
    public static int fchownat(int dirfd, MemorySegment path, int uid, int gid, int flags) {
        try {
            return Native.callInt(
                    Attributes.FCHOWNAT, dirfd, Native.address(path), toUnsignedLong(uid), toUnsignedLong(gid), flags);
        } finally {
            reachabilityFence(path);
        }
    }

    /** {@code int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)}. */
    public static int utimensat(int dirfd, MemorySegment path, TimesBuffer times, int flags) {
        try {
            return Native.callInt(
                    Attributes.UTIMENSAT, dirfd, Native.address(path), Native.address(times.segment()), flags);
        } finally {
            reachabilityFence(path);
            reachabilityFence(times);
        }
    }

    /** {@code int ftruncate(int fd, off_t size)}. */
    public static int ftruncate(int fd, long size) {
        return Native.callInt(Content.FTRUNCATE, fd, size);
    }

    /**
     * {@code int fallocate(int fd, int mode, off_t offset, off_t length)}.
     *
     * @param mode {@link FallocateMode}
     */
    public static int fallocate(int fd, int mode, long offset, long length) {
        return Native.callInt(Content.FALLOCATE, fd, mode, offset, length);
    }

    /**
     * {@code off_t lseek(int fd, off_t offset, int whence)}.
     *
     * @param whence {@link Seek}
     */
    public static long lseek(int fd, long offset, int whence) {
        return Native.callLong(Content.LSEEK, fd, offset, whence);
    }

    /**
     * {@code ssize_t copy_file_range(int fdIn, off_t *offsetIn, int fdOut, off_t *offsetOut, size_t length, unsigned
     * int flags)}. The positions of the descriptors are neither used nor moved.
     */
    public static long copy_file_range(int fdIn, long offsetIn, int fdOut, long offsetOut, long length, int flags) {
        Native.setWord(0, offsetIn);
        Native.setWord(1, offsetOut);
        return Native.callLong(
                Content.COPY_FILE_RANGE,
                fdIn,
                Native.wordAddress(0),
                fdOut,
                Native.wordAddress(1),
                length,
                toUnsignedLong(flags));
    }

    /** {@code int fsync(int fd)}. */
    public static int fsync(int fd) {
        return Native.callInt(Content.FSYNC, fd);
    }

    /** {@code int fdatasync(int fd)}. */
    public static int fdatasync(int fd) {
        return Native.callInt(Content.FDATASYNC, fd);
    }

    /** {@code int syncfs(int fd)}. */
    public static int syncfs(int fd) {
        return Native.callInt(Content.SYNCFS, fd);
    }

    /**
     * {@code int fcntl(int fd, int command, int argument)}.
     *
     * @param command {@link FcntlCommand}
     */
    public static int fcntl(int fd, int command, int argument) {
        return Native.callInt(FCNTL, fd, command, argument);
    }

    /**
     * {@code int fcntl(int fd, int command, struct flock *lock)}, for the commands F_*LK*.
     *
     * @param command {@link FcntlCommand}; F_*SETLKW blocks the thread
     */
    public static int fcntl(int fd, int command, FlockBuffer lock) {
        try {
            return Native.callInt(FCNTL, fd, command, Native.address(lock.segment()));
        } finally {
            reachabilityFence(lock);
        }
    }

    /**
     * {@code int flock(int fd, int operation)}.
     *
     * @param operation {@code LOCK_*} of {@link FcntlCommand}; without LOCK_NB it blocks the thread
     */
    public static int flock(int fd, int operation) {
        return Native.callInt(Content.FLOCK, fd, operation);
    }

    /**
     * {@code int ioctl(int fd, unsigned long request, void *argument)}. The caller knows how much memory the request
     * uses.
     */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        try {
            return Native.callInt(Content.IOCTL, fd, request, Native.address(argument));
        } finally {
            reachabilityFence(argument);
        }
    }

    /**
     * {@code int name_to_handle_at(int dirfd, const char *path, struct file_handle *handle, int *mountId, int flags)}.
     *
     * @param handle gets the handle
     * @param mountId gets the number of the mount: 4 bytes, or 8 with AT_HANDLE_MNT_ID_UNIQUE
     * @return 0; -EOPNOTSUPP where the file system has no handles
     */
    public static int name_to_handle_at(
            int dirfd, MemorySegment path, FileHandleBuffer handle, MemorySegment mountId, int flags) {
        handle.offerCapacity();
        int mountIdSize = (flags & At.AT_HANDLE_MNT_ID_UNIQUE) != 0 ? Long.BYTES : Integer.BYTES;
        try {
            return Native.callInt(
                    Handles.NAME_TO_HANDLE_AT,
                    dirfd,
                    Native.address(path),
                    Native.address(handle.segment()),
                    Native.address(mountId, mountIdSize),
                    flags);
        } finally {
            reachabilityFence(path);
            reachabilityFence(handle);
            reachabilityFence(mountId);
        }
    }

    /**
     * {@code int open_by_handle_at(int mountFd, struct file_handle *handle, int flags)}. Needs CAP_DAC_READ_SEARCH.
     * O_CLOEXEC is added.
     *
     * @param mountFd any descriptor on the file system of the handle; not an O_PATH one
     * @return an open descriptor, owned by the caller; -ESTALE if the file is gone
     */
    public static int open_by_handle_at(int mountFd, FileHandleBuffer handle, int flags) {
        try {
            return Native.callInt(
                    Handles.OPEN_BY_HANDLE_AT, mountFd, Native.address(handle.segment()), flags | OpenFlags.O_CLOEXEC);
        } finally {
            reachabilityFence(handle);
        }
    }
}

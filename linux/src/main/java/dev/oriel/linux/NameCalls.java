package dev.oriel.linux;

import static java.lang.Integer.toUnsignedLong;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** System calls that make, read and remove names of files. All that is said of {@link FileCalls} holds for them. */
public final class NameCalls {
    private static final MethodHandle MKDIRAT = Native.link("mkdirat", 3);
    private static final MethodHandle MKNODAT = Native.link("mknodat", 4);
    private static final MethodHandle SYMLINKAT = Native.link("symlinkat", 3);
    private static final MethodHandle READLINKAT = Native.link("readlinkat", 4);
    private static final MethodHandle LINKAT = Native.link("linkat", 5);
    private static final MethodHandle UNLINKAT = Native.link("unlinkat", 3);
    private static final MethodHandle RENAMEAT2 = Native.link("renameat2", 5);
    private static final MethodHandle GETDENTS64 = Native.link("getdents64", 3);

    private NameCalls() {}

    /** {@code int mkdirat(int dirfd, const char *name, mode_t mode)}. */
    public static int mkdirat(int dirfd, MemorySegment name, int mode) {
        try {
            return Native.callInt(MKDIRAT, dirfd, Native.address(name), toUnsignedLong(mode));
        } finally {
            reachabilityFence(name);
        }
    }

    /**
     * {@code int mknodat(int dirfd, const char *name, mode_t mode, dev_t device)}.
     *
     * @param device {@link FileMode#device}, for block and character devices
     */
    public static int mknodat(int dirfd, MemorySegment name, int mode, long device) {
        try {
            return Native.callInt(MKNODAT, dirfd, Native.address(name), toUnsignedLong(mode), device);
        } finally {
            reachabilityFence(name);
        }
    }

    /** {@code int symlinkat(const char *target, int dirfd, const char *name)}. */
    public static int symlinkat(MemorySegment target, int dirfd, MemorySegment name) {
        try {
            return Native.callInt(SYMLINKAT, Native.address(target), dirfd, Native.address(name));
        } finally {
            reachabilityFence(target);
            reachabilityFence(name);
        }
    }

    /** {@code ssize_t readlinkat(int dirfd, const char *path, char *buffer, size_t size)}. No NUL is added. */
    public static long readlinkat(int dirfd, MemorySegment path, MemorySegment buffer, long size) {
        try {
            return Native.callLong(READLINKAT, dirfd, Native.address(path), Native.address(buffer, size), size);
        } finally {
            reachabilityFence(path);
            reachabilityFence(buffer);
        }
    }

    /** {@code int linkat(int oldDirfd, const char *oldPath, int newDirfd, const char *newName, int flags)}. */
    public static int linkat(int oldDirfd, MemorySegment oldPath, int newDirfd, MemorySegment newName, int flags) {
        try {
            return Native.callInt(LINKAT, oldDirfd, Native.address(oldPath), newDirfd, Native.address(newName), flags);
        } finally {
            reachabilityFence(oldPath);
            reachabilityFence(newName);
        }
    }

    /**
     * {@code int unlinkat(int dirfd, const char *name, int flags)}.
     *
     * @param flags 0, or AT_REMOVEDIR for a directory
     */
    public static int unlinkat(int dirfd, MemorySegment name, int flags) {
        try {
            return Native.callInt(UNLINKAT, dirfd, Native.address(name), flags);
        } finally {
            reachabilityFence(name);
        }
    }

    /**
     * {@code int renameat2(int oldDirfd, const char *oldName, int newDirfd, const char *newName, unsigned int flags)}.
     *
     * @param flags {@link RenameFlags}
     */
    public static int renameat2(int oldDirfd, MemorySegment oldName, int newDirfd, MemorySegment newName, int flags) {
        try {
            return Native.callInt(
                    RENAMEAT2,
                    oldDirfd,
                    Native.address(oldName),
                    newDirfd,
                    Native.address(newName),
                    toUnsignedLong(flags));
        } finally {
            reachabilityFence(oldName);
            reachabilityFence(newName);
        }
    }

    /** {@code ssize_t getdents64(int fd, void *buffer, size_t size)}; {@link DirentReader} reads the answer. */
    public static int getdents64(int fd, MemorySegment buffer, int size) {
        try {
            return Native.callInt(GETDENTS64, fd, Native.address(buffer, size), size);
        } finally {
            reachabilityFence(buffer);
        }
    }
}

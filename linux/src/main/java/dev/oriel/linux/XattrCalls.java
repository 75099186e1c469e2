package dev.oriel.linux;

import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls on the extended attributes of files (xattr(7)), with the rules of {@link FileCalls}. All follow links,
 * as those of {@link ProcSelfFd}: so they reach a file of any kind by an O_PATH descriptor, which the calls that take a
 * descriptor refuse.
 */
public final class XattrCalls {
    private static final MethodHandle GET = Native.link("getxattr", 4);
    private static final MethodHandle SET = Native.link("setxattr", 5);
    private static final MethodHandle LIST = Native.link("listxattr", 3);
    private static final MethodHandle REMOVE = Native.link("removexattr", 2);

    private XattrCalls() {}

    /**
     * {@code ssize_t getxattr(const char *path, const char *name, void *value, size_t size)}; size 0 asks for the size.
     */
    public static long getxattr(MemorySegment path, MemorySegment name, MemorySegment value, long size) {
        try {
            return Native.callLong(GET, Native.address(path), Native.address(name), Native.address(value, size), size);
        } finally {
            reachabilityFence(path);
            reachabilityFence(name);
            reachabilityFence(value);
        }
    }

    /**
     * {@code int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)}; flags of
     * {@link XattrFlags}.
     */
    public static int setxattr(MemorySegment path, MemorySegment name, MemorySegment value, long size, int flags) {
        try {
            return Native.callInt(
                    SET, Native.address(path), Native.address(name), Native.address(value, size), size, flags);
        } finally {
            reachabilityFence(path);
            reachabilityFence(name);
            reachabilityFence(value);
        }
    }

    /** {@code ssize_t listxattr(const char *path, char *list, size_t size)}; size 0 asks for the size. */
    public static long listxattr(MemorySegment path, MemorySegment list, long size) {
        try {
            return Native.callLong(LIST, Native.address(path), Native.address(list, size), size);
        } finally {
            reachabilityFence(path);
            reachabilityFence(list);
        }
    }

    /** {@code int removexattr(const char *path, const char *name)}. */
    public static int removexattr(MemorySegment path, MemorySegment name) {
        try {
            return Native.callInt(REMOVE, Native.address(path), Native.address(name));
        } finally {
            reachabilityFence(path);
            reachabilityFence(name);
        }
    }
}

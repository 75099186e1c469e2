package dev.oriel.virtio.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.opentest4j.TestAbortedException;

/**
 * A FUSE file system with one file, "memory", which can be opened and of which nothing else is ever answered: whoever
 * asks for its size, touches its pages or closes it waits until this is closed. Needs root.
 */
public final class SilentFileSystem implements AutoCloseable {
    private static final int LOOKUP = 1;
    private static final int OPEN = 14;
    private static final int INIT = 26;
    private static final int MNT_FORCE = 1;
    private static final int HEADER = 16;
    private static final int ENTRY = 128;

    private static final MethodHandle MOUNT =
            link("mount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
    private static final MethodHandle UMOUNT = link("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle READ =
            link("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE =
            link("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    private final Arena arena = Arena.ofShared();
    private final MemorySegment place;
    private final Path directory;
    private final int device;
    private final Thread thread;

    private SilentFileSystem(Path directory, int device) {
        this.directory = directory;
        this.device = device;
        place = CString.of(directory.toString(), arena);
        thread = Thread.ofPlatform().daemon().name("silent file system").start(this::serve);
    }

    private static MethodHandle link(String name, FunctionDescriptor function) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), function);
    }

    /** Mounts it on a directory; a test is skipped where that is not allowed. */
    public static SilentFileSystem mountOrSkip(Path directory) {
        try {
            return mount(directory);
        } catch (LinuxException refused) {
            throw new TestAbortedException("FUSE cannot be mounted here: " + refused.getMessage());
        }
    }

    private static SilentFileSystem mount(Path directory) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            int device = LinuxException.check(
                    FileCalls.openat(At.AT_FDCWD, CString.of("/dev/fuse", arena), OpenFlags.O_RDWR, 0),
                    "open /dev/fuse");
            int result;
            try {
                result = (int) MOUNT.invokeExact(
                        CString.of("silent", arena),
                        CString.of(directory.toString(), arena),
                        CString.of("fuse", arena),
                        0L,
                        CString.of("fd=" + device + ",rootmode=40000,user_id=0,group_id=0", arena));
            } catch (Throwable impossible) {
                throw new AssertionError(impossible);
            }
            if (result != 0) {
                FileCalls.close(device);
                throw new LinuxException("mount FUSE on " + directory, Errno.EPERM);
            }
            return new SilentFileSystem(directory, device);
        }
    }

    /** Opens the file for reading and writing; it is not to be closed before this is, or whoever does so waits. */
    public int open() throws LinuxException {
        try (Arena names = Arena.ofConfined()) {
            return LinuxException.check(
                    FileCalls.openat(
                            At.AT_FDCWD,
                            CString.of(directory.resolve("memory").toString(), names),
                            OpenFlags.O_RDWR,
                            0),
                    "open the silent file");
        }
    }

    private void serve() {
        MemorySegment request = arena.allocate(1 << 17, 8);
        MemorySegment reply = arena.allocate(HEADER + ENTRY, 8);
        try {
            while ((long) READ.invokeExact(device, request, request.byteSize()) > 0) {
                reply.fill((byte) 0);
                int size = answer(request.get(JAVA_INT, 4), reply);
                if (size >= 0) {
                    reply.set(JAVA_INT, 0, HEADER + size);
                    reply.set(JAVA_LONG, 8, request.get(JAVA_LONG, 8));
                    long _ = (long) WRITE.invokeExact(device, reply, (long) HEADER + size);
                }
            }
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Writes the body of the reply; answers its size, or -1 for none. */
    private static int answer(int opcode, MemorySegment reply) {
        return switch (opcode) {
            case INIT -> {
                reply.set(JAVA_INT, HEADER, 7);
                reply.set(JAVA_INT, HEADER + 4, 31);
                reply.set(JAVA_INT, HEADER + 20, 4096);
                yield 64;
            }
            case LOOKUP -> {
                reply.set(JAVA_LONG, HEADER, 2);
                reply.set(JAVA_LONG, HEADER + 40, 2);
                reply.set(JAVA_LONG, HEADER + 48, 1 << 20);
                reply.set(JAVA_INT, HEADER + 100, 0100666);
                reply.set(JAVA_INT, HEADER + 104, 1);
                yield ENTRY;
            }
            case OPEN -> 16;
            default -> -1;
        };
    }

    /** Unmounts it: whoever waits gets an error. */
    @Override
    public void close() {
        try {
            int _ = (int) UMOUNT.invokeExact(place, MNT_FORCE);
            int _ = (int) UMOUNT.invokeExact(place, 2);
            thread.join();
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
        FileCalls.close(device);
        arena.close();
    }
}

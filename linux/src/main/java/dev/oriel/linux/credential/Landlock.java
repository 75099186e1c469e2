package dev.oriel.linux.credential;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which files a thread, and those that it starts, may open from now on (landlock(7)). What is open stays so, and a file
 * that a descriptor leads to is judged by where it lies. Threads that are there already are not held, unless the kernel
 * can (Linux 7.0).
 *
 * <p>File handles do not go with it: a file that is opened by handle, and whose path the kernel has forgotten, lies
 * nowhere.
 */
public final class Landlock {
    // One number on every architecture (include/uapi/asm-generic/unistd.h).
    private static final int CREATE_RULESET = 444;
    private static final int ADD_RULE = 445;
    private static final int RESTRICT_SELF = 446;

    private static final int CREATE_RULESET_VERSION = 1;
    private static final int RULE_PATH_BENEATH = 1;
    private static final int RESTRICT_SELF_TSYNC = 1 << 3;
    private static final int PR_SET_NO_NEW_PRIVS = 38;

    // LANDLOCK_ACCESS_FS_*
    private static final long EXECUTE = 1;
    private static final long READ_FILE = 1 << 2;
    private static final long READ_DIR = 1 << 3;
    private static final long WRITE_FILE = 1 << 1;
    private static final long REMOVE_DIR = 1 << 4;
    private static final long REMOVE_FILE = 1 << 5;

    /**
     * What version 2 of the interface knows (Linux 5.19); version 1 refuses to rename from one directory to another.
     */
    private static final long ACCESS_2 = (1 << 14) - 1;

    /** Version 3 knows truncate(2) too. */
    private static final long ACCESS_3 = (1 << 15) - 1;

    private static final int OLDEST_VERSION = 2;
    private static final int TRUNCATE_VERSION = 3;
    private static final int TSYNC_VERSION = 8;

    private static final MethodHandle SYSCALL = Native.link("syscall", 5);
    private static final MethodHandle PRCTL = Native.link("prctl", 5);

    private Landlock() {}

    /** The version of the interface that this kernel has; 0: none that is good enough. */
    public static int version() {
        int version = Native.callInt(SYSCALL, CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION, 0);
        return version < OLDEST_VERSION ? 0 : version;
    }

    /**
     * Holds this thread, and all that it starts, to reading files, and to doing what it likes with those beneath some
     * directories. None is executed. The kernel must have a {@link #version}.
     *
     * @param directories these; there may be none
     * @param socketFolders from where files may be removed too
     * @param scratch one more of the directories, which may be removed itself: what lies beside it may too, if it is an
     *     empty directory; null: there is none
     * @throws LinuxException if the kernel refuses
     */
    public static void restrictWritingTo(List<Path> directories, List<Path> socketFolders, @Nullable Path scratch)
            throws LinuxException {
        int version = version();
        long all = version >= TRUNCATE_VERSION ? ACCESS_3 : ACCESS_2;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handled = arena.allocate(JAVA_LONG);
            handled.set(JAVA_LONG, 0, all);
            int rules = LinuxException.check(
                    Native.callInt(SYSCALL, CREATE_RULESET, handled.address(), JAVA_LONG.byteSize(), 0, 0),
                    "make rules of Landlock");
            try {
                allow(arena, rules, Path.of("/"), READ_FILE | READ_DIR);
                allow(arena, rules, Path.of("/dev/null"), READ_FILE | WRITE_FILE);
                for (Path directory : directories) {
                    allow(arena, rules, directory, all & ~EXECUTE);
                }
                for (Path folder : socketFolders) {
                    allow(arena, rules, folder, REMOVE_FILE);
                }
                if (scratch != null) {
                    allow(arena, rules, scratch, all & ~EXECUTE);
                    allow(arena, rules, scratch.resolveSibling("."), REMOVE_DIR);
                }
                LinuxException.check(Native.callInt(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
                long flags = version >= TSYNC_VERSION ? RESTRICT_SELF_TSYNC : 0;
                LinuxException.check(
                        Native.callInt(SYSCALL, RESTRICT_SELF, rules, flags, 0, 0), "follow rules of Landlock");
            } finally {
                FileCalls.close(rules);
            }
        }
    }

    /** struct landlock_path_beneath_attr { access 8, descriptor 4 }, packed. */
    private static void allow(Arena arena, int rules, Path path, long access) throws LinuxException {
        int fd = LinuxException.check(
                FileCalls.openat(
                        At.AT_FDCWD, CString.of(path.toString(), arena), OpenFlags.O_PATH | OpenFlags.O_CLOEXEC, 0),
                "open " + path);
        try {
            MemorySegment rule = arena.allocate(12, Long.BYTES);
            rule.set(JAVA_LONG_UNALIGNED, 0, access);
            rule.set(JAVA_INT, 8, fd);
            int result = Native.callInt(SYSCALL, ADD_RULE, rules, RULE_PATH_BENEATH, rule.address(), 0);
            LinuxException.check(result, "allow " + path + " by Landlock");
        } finally {
            FileCalls.close(fd);
        }
    }
}

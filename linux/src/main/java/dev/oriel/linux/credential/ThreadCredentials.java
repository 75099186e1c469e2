package dev.oriel.linux.credential;

import static java.lang.Integer.toUnsignedLong;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.Errno;
import dev.oriel.linux.abi.Machine;
import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * Ids, groups, capabilities and umask of the calling thread alone.
 *
 * <p>To Linux these belong to a thread. The C library's setresuid, setresgid and setgroups change all threads of the
 * process (nptl(7)), so the raw system calls are used. Answers are 0 or {@code -errno}; nothing is allocated after the
 * first call of a thread.
 *
 * <p>When the effective user id goes from 0 to another, Linux clears the effective capabilities and restores them on
 * the way back (capabilities(7)): a thread that lends itself to a user and returns keeps 0 as its real or saved id.
 */
public final class ThreadCredentials {
    public static final int CAP_CHOWN = 0;
    public static final int CAP_DAC_OVERRIDE = 1;
    public static final int CAP_DAC_READ_SEARCH = 2;
    public static final int CAP_FOWNER = 3;
    public static final int CAP_FSETID = 4;
    public static final int CAP_SETGID = 6;
    public static final int CAP_SETUID = 7;
    public static final int CAP_SETPCAP = 8;
    public static final int CAP_SYS_ADMIN = 21;
    public static final int CAP_SYS_RESOURCE = 24;
    public static final int CAP_MKNOD = 27;
    public static final int CAP_SETFCAP = 31;

    /** In place of an id: leave it as it is. */
    public static final int KEEP = -1;

    /** include/uapi/linux/capability.h, in the order of their numbers. */
    private static final List<String> NAMES = List.of(
            "chown",
            "dac_override",
            "dac_read_search",
            "fowner",
            "fsetid",
            "kill",
            "setgid",
            "setuid",
            "setpcap",
            "linux_immutable",
            "net_bind_service",
            "net_broadcast",
            "net_admin",
            "net_raw",
            "ipc_lock",
            "ipc_owner",
            "sys_module",
            "sys_rawio",
            "sys_chroot",
            "sys_ptrace",
            "sys_pacct",
            "sys_admin",
            "sys_boot",
            "sys_nice",
            "sys_resource",
            "sys_time",
            "sys_tty_config",
            "mknod",
            "lease",
            "audit_write",
            "audit_control",
            "setfcap",
            "mac_override",
            "mac_admin",
            "syslog",
            "wake_alarm",
            "block_suspend",
            "audit_read",
            "perfmon",
            "bpf",
            "checkpoint_restore");

    private static final int PR_CAPBSET_DROP = 24;
    private static final int CLONE_FS = 0x200;
    private static final int CAPABILITY_VERSION_3 = 0x20080522;

    private static final MethodHandle GETUID = Native.link("getuid", 1);
    private static final MethodHandle GETGID = Native.link("getgid", 1);
    private static final MethodHandle GETEUID = Native.link("geteuid", 1);
    private static final MethodHandle GETEGID = Native.link("getegid", 1);
    private static final MethodHandle GETTID = Native.link("gettid", 1);
    private static final MethodHandle CAPGET = Native.link("capget", 2);
    private static final MethodHandle CAPSET = Native.link("capset", 2);

    private static final ThreadLocal<Capabilities> CAPABILITIES = ThreadLocal.withInitial(Capabilities::new);

    private ThreadCredentials() {}

    private static final class Changes {
        static final MethodHandle SYSCALL_3 = Native.link("syscall", 3);
        static final MethodHandle SYSCALL_4 = Native.link("syscall", 4);
        static final MethodHandle PRCTL = Native.link("prctl", 5);
        static final MethodHandle UMASK = Native.link("umask", 1);
        static final MethodHandle UNSHARE = Native.link("unshare", 1);

        private Changes() {}
    }

    /**
     * The memory of capget(2) and capset(2) for one thread (include/uapi/linux/capability.h). Version 3 splits each set
     * into two words: capabilities 0 to 31, then 32 to 63.
     *
     * <pre>
     *   0         4      8            12          16            20           24          28            32
     *   +---------+------+------------+-----------+-------------+------------+-----------+-------------+
     *   | version | pid  | effective  | permitted | inheritable | effective  | permitted | inheritable |
     *   +---------+------+------------+-----------+-------------+------------+-----------+-------------+
     * </pre>
     */
    private static final class Capabilities {
        static final long DATA = 8;
        static final long SECOND = 12;
        static final long PERMITTED = 4;
        static final long INHERITABLE = 8;

        final MemorySegment memory = Arena.ofAuto().allocate(32, Long.BYTES);

        int load() {
            memory.set(JAVA_INT, 0, CAPABILITY_VERSION_3);
            memory.set(JAVA_INT, 4, 0);
            try {
                return Native.callInt(CAPGET, memory.address(), memory.address() + DATA);
            } finally {
                reachabilityFence(this);
            }
        }

        int store() {
            try {
                return Native.callInt(CAPSET, memory.address(), memory.address() + DATA);
            } finally {
                reachabilityFence(this);
            }
        }

        long effective() {
            return toUnsignedLong(memory.get(JAVA_INT, DATA)) | (long) memory.get(JAVA_INT, DATA + SECOND) << 32;
        }

        long permitted() {
            return toUnsignedLong(memory.get(JAVA_INT, DATA + PERMITTED))
                    | (long) memory.get(JAVA_INT, DATA + SECOND + PERMITTED) << 32;
        }

        void setEffective(long set) {
            set(0, set);
        }

        private void set(long which, long set) {
            memory.set(JAVA_INT, DATA + which, (int) set);
            memory.set(JAVA_INT, DATA + SECOND + which, (int) (set >>> 32));
        }

        void keepOnly(long kept) {
            set(0, effective() & kept);
            set(PERMITTED, permitted() & kept);
            set(INHERITABLE, 0);
        }
    }

    /** Real user id of the thread, unsigned. */
    public static int getuid() {
        return (int) Native.callLong(GETUID, 0);
    }

    /** Real group id of the thread, unsigned. */
    public static int getgid() {
        return (int) Native.callLong(GETGID, 0);
    }

    /** Effective user id of the thread, unsigned. */
    public static int geteuid() {
        return (int) Native.callLong(GETEUID, 0);
    }

    /** Effective group id of the thread, unsigned. */
    public static int getegid() {
        return (int) Native.callLong(GETEGID, 0);
    }

    /** Number of the thread in /proc. */
    public static int gettid() {
        return Native.callInt(GETTID, 0);
    }

    /**
     * {@code setresuid(2)} of this thread; {@link #KEEP} leaves an id as it is.
     *
     * @return 0; -EPERM without CAP_SETUID
     */
    public static int setresuid(int real, int effective, int saved) {
        return Native.callInt(
                Changes.SYSCALL_4,
                Machine.SYS_SETRESUID,
                toUnsignedLong(real),
                toUnsignedLong(effective),
                toUnsignedLong(saved));
    }

    /**
     * {@code setresgid(2)} of this thread; {@link #KEEP} leaves an id as it is.
     *
     * @return 0; -EPERM without CAP_SETGID
     */
    public static int setresgid(int real, int effective, int saved) {
        return Native.callInt(
                Changes.SYSCALL_4,
                Machine.SYS_SETRESGID,
                toUnsignedLong(real),
                toUnsignedLong(effective),
                toUnsignedLong(saved));
    }

    /**
     * {@code setgroups(2)} of this thread.
     *
     * @param groups 32-bit ids, host byte order
     * @param count how many
     * @return 0; -EPERM without CAP_SETGID
     */
    public static int setgroups(MemorySegment groups, int count) {
        long address = Native.address(groups, (long) count * Integer.BYTES);
        try {
            return Native.callInt(Changes.SYSCALL_3, Machine.SYS_SETGROUPS, count, address);
        } finally {
            reachabilityFence(groups);
        }
    }

    /** Whether a capability is in effect for this thread. */
    public static boolean hasCapability(int capability) {
        return (effectiveCapabilities() & 1L << capability) != 0;
    }

    /** The capabilities in effect for this thread, one bit each. */
    public static long effectiveCapabilities() {
        Capabilities capabilities = CAPABILITIES.get();
        return capabilities.load() < 0 ? 0 : capabilities.effective();
    }

    /** The capabilities that this thread may put in effect, one bit each. */
    public static long permittedCapabilities() {
        Capabilities capabilities = CAPABILITIES.get();
        return capabilities.load() < 0 ? 0 : capabilities.permitted();
    }

    /**
     * Chooses which of its permitted capabilities are in effect for this thread.
     *
     * @param set one bit for each capability
     * @return 0; -EPERM for one that is not permitted
     */
    public static int setEffectiveCapabilities(long set) {
        Capabilities capabilities = CAPABILITIES.get();
        int result = capabilities.load();
        if (result < 0) {
            return result;
        }
        capabilities.setEffective(set);
        return capabilities.store();
    }

    /**
     * Puts one permitted capability in effect for this thread, or out of effect.
     *
     * @return 0; -EPERM if it is not permitted
     */
    public static int setCapability(int capability, boolean inEffect) {
        Capabilities capabilities = CAPABILITIES.get();
        int result = capabilities.load();
        if (result < 0) {
            return result;
        }
        long bit = 1L << capability;
        long set = capabilities.effective();
        capabilities.setEffective(inEffect ? set | bit : set & ~bit);
        return capabilities.store();
    }

    /**
     * Gives up all capabilities but {@code kept}, for good: for this thread, the threads that it starts, and what they
     * execute. Threads that are there already keep theirs.
     *
     * @param kept one bit for each capability
     * @return 0 or an errno
     */
    public static int keepOnlyCapabilities(long kept) {
        Capabilities capabilities = CAPABILITIES.get();
        int result = capabilities.load();
        if (result < 0) {
            return result;
        }
        if ((capabilities.effective() & 1L << CAP_SETPCAP) != 0) {
            for (int capability = 0; capability < Long.SIZE; capability++) {
                if ((kept & 1L << capability) == 0
                        && Native.callInt(Changes.PRCTL, PR_CAPBSET_DROP, capability, 0, 0, 0) == -Errno.EINVAL) {
                    break; // this kernel has no more of them
                }
            }
        }
        capabilities.keepOnly(kept);
        return capabilities.store();
    }

    /**
     * The bit of a capability by its name.
     *
     * @param name as in capabilities(7), in lower case and without "cap_"
     * @return -1 if Linux has none of that name
     */
    public static int capability(String name) {
        return NAMES.indexOf(name);
    }

    /**
     * {@code unshare(CLONE_FS)}: gives this thread its own umask, root and working directory. Needs no privilege; lasts
     * as long as the thread.
     */
    public static int unshareFileSystemAttributes() {
        return Native.callInt(Changes.UNSHARE, CLONE_FS);
    }

    /**
     * {@code umask(2)}: of the whole process, unless the thread called {@link #unshareFileSystemAttributes()} before.
     *
     * @return the last mask
     */
    public static int umask(int mask) {
        return Native.callInt(Changes.UMASK, toUnsignedLong(mask));
    }
}

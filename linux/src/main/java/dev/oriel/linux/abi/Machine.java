package dev.oriel.linux.abi;

import java.util.Locale;

/** What differs between the processors Linux runs on: numbers of raw system calls, and a few flags. */
public final class Machine {
    private static final String NAME = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);

    /** Arm gave four open flags their own values (arch/arm64/include/uapi/asm/fcntl.h). */
    public static final boolean ARM_OPEN_FLAGS = NAME.equals("aarch64");

    /** s390x packs struct statfs with 32-bit fields (arch/s390/include/uapi/asm/statfs.h). */
    public static final boolean NARROW_STATFS = NAME.equals("s390x");

    /** struct epoll_event has no padding on x86-64 (include/uapi/linux/eventpoll.h). */
    public static final boolean PACKED_EPOLL_EVENT = NAME.equals("amd64") || NAME.equals("x86_64");

    /** Columns: x86-64, generic (arm64 and riscv64), s390x. */
    public static final int SYS_SETGROUPS = number(116, 159, 206);

    public static final int SYS_SETRESUID = number(117, 147, 208);
    public static final int SYS_SETRESGID = number(119, 149, 210);

    /** A call added since Linux 5.0 has one number on every architecture. */
    public static final int SYS_FACCESSAT2 = 439;

    public static final int SYS_EPOLL_PWAIT2 = 441;

    private Machine() {}

    /** Whether this is a riscv64 processor, which has the generic numbers too. */
    public static boolean isRiscV() {
        return NAME.equals("riscv64");
    }

    /** What differs between x86-64, the generic numbers of arm64 and riscv64, and s390x: that of this machine. */
    public static int number(int x86, int generic, int s390) {
        return switch (NAME) {
            case "amd64", "x86_64" -> x86;
            case "aarch64", "riscv64" -> generic;
            case "s390x" -> s390;
            default ->
                throw new UnsatisfiedLinkError("Oriel does not know the system call numbers of a " + NAME
                        + " processor; it knows amd64, aarch64, riscv64 and s390x");
        };
    }
}

package dev.oriel.linux;

import dev.oriel.linux.abi.Native;
import java.lang.invoke.MethodHandle;

/** Limits of this process: prlimit(2). */
public final class ResourceLimits {
    private static final int RLIMIT_NOFILE = 7;
    private static final MethodHandle PRLIMIT = Native.link("prlimit", 4);

    private ResourceLimits() {}

    /**
     * A limit.
     *
     * @param soft what holds now; -1 is no limit
     * @param hard how far the soft limit can be raised without privilege; -1 is no limit
     */
    public record Limit(long soft, long hard) {}

    /** How many descriptors the process may have. */
    public static Limit openFiles() throws LinuxException {
        int result = Native.callInt(PRLIMIT, 0, RLIMIT_NOFILE, 0, Native.wordAddress(0));
        LinuxException.check(result, "read the limit of open files");
        return new Limit(Native.word(0), Native.word(1));
    }

    /**
     * Changes how many descriptors the process may have.
     *
     * @throws LinuxException EPERM above the hard limit without CAP_SYS_RESOURCE; EINVAL if soft exceeds hard
     */
    public static void setOpenFiles(Limit limit) throws LinuxException {
        Native.setWord(0, limit.soft());
        Native.setWord(1, limit.hard());
        int result = Native.callInt(PRLIMIT, 0, RLIMIT_NOFILE, Native.wordAddress(0), 0);
        LinuxException.check(
                result, "set the limit of open files to " + limit.soft() + " (at most " + limit.hard() + ")");
    }
}

package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Machine;
import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Waits for eventfds with epoll(7), edge-triggered: each signal of an eventfd is one event, and nobody has to read its
 * counter for the next one to be seen. So a wake-up is one system call.
 *
 * <p>One {@code struct epoll_event}, host byte order, packed on x86-64 only:
 *
 * <pre>
 *   0          4 (x86-64)  8 (others)      12 or 16
 *   +----------+-----------+----------------+
 *   | events   | data                       |
 *   +----------+-----------+----------------+
 * </pre>
 *
 * <p>{@link #await} is for one thread at a time; owns no descriptor but its own. What was added belongs to the open
 * file, not to the descriptor: remove it before the descriptor is closed, as somebody else may have the file too.
 */
public final class Epoll implements AutoCloseable {
    private static final MethodHandle EPOLL_CREATE1 = Native.link("epoll_create1", 1);
    private static final MethodHandle EPOLL_CTL = Native.link("epoll_ctl", 4);
    private static final MethodHandle EPOLL_WAIT = Native.link("epoll_wait", 4);
    private static final MethodHandle SYSCALL_6 = Native.link("syscall", 6);

    /** In place of a time: wait without limit. */
    public static final long FOREVER = -1;

    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long NANOSECONDS = 8;
    private static final long TIMESPEC_SIZE = 16;

    private static final int EPOLL_CLOEXEC = OpenFlags.O_CLOEXEC;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 0x001;
    private static final int EPOLLET = 1 << 31;

    private static final long DATA = Machine.PACKED_EPOLL_EVENT ? 4 : 8;
    private static final long EVENT_SIZE = DATA + Long.BYTES;
    private static final int MOST_EVENTS = 2;

    private final MemorySegment events = Arena.ofAuto().allocate(MOST_EVENTS * EVENT_SIZE, Long.BYTES);

    /** A {@code struct timespec}: seconds, nanoseconds. */
    private final MemorySegment timeout = Arena.ofAuto().allocate(TIMESPEC_SIZE, Long.BYTES);

    private final Descriptor descriptor;

    /** @throws LinuxException if there are no file descriptors left */
    public Epoll() throws LinuxException {
        int fd = Native.callInt(EPOLL_CREATE1, EPOLL_CLOEXEC);
        descriptor = new Descriptor(LinuxException.check(fd, "create an epoll instance"));
    }

    /**
     * Begins to wait for an eventfd too. If its counter is above 0 already, that is an event.
     *
     * @return 0 or -errno: -EPERM for a file that cannot be waited for
     */
    public int add(int eventfd) {
        events.set(JAVA_INT, 0, EPOLLIN | EPOLLET);
        events.set(JAVA_LONG_UNALIGNED, DATA, eventfd);
        return control(EPOLL_CTL_ADD, eventfd);
    }

    /** Ends waiting for it: 0 or -errno. */
    public int remove(int eventfd) {
        return control(EPOLL_CTL_DEL, eventfd);
    }

    private int control(int operation, int eventfd) {
        try {
            return Native.callInt(EPOLL_CTL, descriptor.number(), operation, eventfd, Native.address(events));
        } finally {
            reachabilityFence(this);
        }
    }

    /**
     * Waits until one of them has been signalled since the last wait.
     *
     * @param timeoutNanos limit in nanoseconds, in whole milliseconds where there is no epoll_pwait2(2); 0 only looks;
     *     {@link #FOREVER}
     * @return how many have; 0 when the time is over; -EINTR after a signal; or another -errno
     */
    public int await(long timeoutNanos) {
        if (timeoutNanos <= 0) {
            return awaitMillis((int) timeoutNanos);
        }
        timeout.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
        timeout.set(JAVA_LONG, NANOSECONDS, timeoutNanos % NANOS_PER_SECOND);
        int signalled;
        try {
            signalled = Native.callInt(
                    SYSCALL_6,
                    Machine.SYS_EPOLL_PWAIT2,
                    descriptor.number(),
                    Native.address(events),
                    MOST_EVENTS,
                    Native.address(timeout),
                    0);
        } finally {
            reachabilityFence(this);
        }
        // before Linux 5.11, and under a seccomp filter that does not know it
        boolean absent = signalled == -Errno.ENOSYS || signalled == -Errno.EPERM;
        return absent ? awaitMillis((int) Math.ceilDiv(timeoutNanos, NANOS_PER_MILLI)) : signalled;
    }

    private int awaitMillis(int millis) {
        try {
            return Native.callInt(EPOLL_WAIT, descriptor.number(), Native.address(events), MOST_EVENTS, millis);
        } finally {
            reachabilityFence(this);
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}

package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.ref.Reference.reachabilityFence;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;

/**
 * Waits for a few descriptors with poll(2).
 *
 * <p>One {@code struct pollfd}, host byte order:
 *
 * <pre>
 *   0          4         6          8
 *   +----------+---------+----------+
 *   | fd       | events  | revents  |
 *   +----------+---------+----------+
 * </pre>
 *
 * <p>For one thread at a time; owns no descriptor.
 */
public final class Poll {
    public static final int POLLIN = 0x01;
    public static final int POLLOUT = 0x04;
    public static final int POLLERR = 0x08;
    public static final int POLLHUP = 0x10;
    public static final int POLLNVAL = 0x20;

    /** In place of milliseconds: wait without limit. */
    public static final int FOREVER = -1;

    private static final MethodHandle POLL = Native.link("poll", 3);

    private static final long ENTRY_SIZE = 8;
    private static final long EVENTS = 4;
    private static final long REVENTS = 6;

    private final MemorySegment entries;
    private final int count;

    /** @param count how many descriptors; those not set are ignored */
    public Poll(int count) {
        this.count = count;
        entries = Arena.ofAuto().allocate(count * ENTRY_SIZE, Long.BYTES);
        for (int i = 0; i < count; i++) {
            set(i, -1, 0);
        }
    }

    /**
     * Chooses what to wait for.
     *
     * @param fd the descriptor; -1 for none
     * @param events POLLIN, POLLOUT or both
     */
    public void set(int index, int fd, int events) {
        entries.set(JAVA_INT, index * ENTRY_SIZE, fd);
        entries.set(JAVA_SHORT, index * ENTRY_SIZE + EVENTS, (short) events);
        entries.set(JAVA_SHORT, index * ENTRY_SIZE + REVENTS, (short) 0);
    }

    /**
     * Waits until something happens to one of the descriptors.
     *
     * @param timeoutMillis limit in milliseconds; 0 only looks; {@link #FOREVER}
     * @return how many descriptors have events; 0 when the time is over; -EINTR after a signal; or another -errno
     */
    public int await(int timeoutMillis) {
        try {
            return Native.callInt(POLL, Native.address(entries), count, timeoutMillis);
        } finally {
            reachabilityFence(this);
        }
    }

    /** What happened to a descriptor at the last wait: {@code POLL*}; POLLERR, POLLHUP and POLLNVAL come unasked. */
    public int events(int index) {
        return Short.toUnsignedInt(entries.get(JAVA_SHORT, index * ENTRY_SIZE + REVENTS));
    }

    /** Blocks until there is something to read, an end or an error: 1 or -errno. */
    static int awaitReadable(int fd) {
        int result;
        do {
            result = pollOne(fd, POLLIN, FOREVER);
        } while (result == -Errno.EINTR);
        return result;
    }

    /** poll(2) of one descriptor in the memory of the thread. */
    static int pollOne(int fd, int events, int timeoutMillis) {
        Native.setWord(0, packed(fd, events));
        return Native.callInt(POLL, Native.wordAddress(0), 1, timeoutMillis);
    }

    private static long packed(int fd, int events) {
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        return little ? Integer.toUnsignedLong(fd) | (long) events << 32 : (long) fd << 32 | (long) events << 16;
    }
}

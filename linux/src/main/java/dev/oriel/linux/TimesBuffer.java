package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The {@code struct timespec[2]} of {@link FileCalls#utimensat}: access time, then modification time.
 *
 * <p>Seconds since 1970 and nanoseconds, 64 bits each, host byte order. For one thread at a time.
 */
public final class TimesBuffer {
    /** In place of nanoseconds: the time of the call. */
    public static final long UTIME_NOW = 0x3fffffff;

    /** In place of nanoseconds: leave this time as it is. */
    public static final long UTIME_OMIT = 0x3ffffffe;

    private static final long TIMESPEC_SIZE = 2 * Long.BYTES;

    private final MemorySegment segment;

    /** Memory that is freed with this object. */
    public TimesBuffer() {
        this(Arena.ofAuto());
    }

    /** @param arena owner of the memory */
    public TimesBuffer(Arena arena) {
        segment = arena.allocate(2 * TIMESPEC_SIZE, Long.BYTES);
    }

    /** The structures themselves. */
    public MemorySegment segment() {
        return segment;
    }

    /** The access time. */
    public void setAccess(long seconds, long nanos) {
        segment.set(JAVA_LONG, 0, seconds);
        segment.set(JAVA_LONG, Long.BYTES, nanos);
    }

    /** The modification time. */
    public void setModification(long seconds, long nanos) {
        segment.set(JAVA_LONG, TIMESPEC_SIZE, seconds);
        segment.set(JAVA_LONG, TIMESPEC_SIZE + Long.BYTES, nanos);
    }
}

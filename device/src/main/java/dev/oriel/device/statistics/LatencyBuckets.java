package dev.oriel.device.statistics;

/**
 * The buckets that times of requests are counted in: up to 1.024 µs, up to twice as much, and so on up to 4.3 s, and
 * all that is longer.
 */
public final class LatencyBuckets {
    /** The binary logarithm of the first bound in nanoseconds. */
    private static final int FIRST_SHIFT = 10;

    /** How many there are. */
    public static final int COUNT = 24;

    private LatencyBuckets() {}

    /** The longest time of a bucket, in nanoseconds; {@link Long#MAX_VALUE} for the last one. */
    public static long boundNanos(int bucket) {
        return bucket >= COUNT - 1 ? Long.MAX_VALUE : 1L << (FIRST_SHIFT + bucket);
    }

    /** The bucket of a time. */
    static int of(long nanos) {
        return Math.clamp(Long.SIZE - Long.numberOfLeadingZeros(Math.max(nanos - 1, 0)) - FIRST_SHIFT, 0, COUNT - 1);
    }
}

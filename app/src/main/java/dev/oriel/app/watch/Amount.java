package dev.oriel.app.watch;

import java.util.List;
import java.util.Locale;

/** How amounts are written for people. */
final class Amount {
    private static final String UNKNOWN = "-";
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final int UNIT = 1024;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private Amount() {}

    static String count(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    static String bytes(double value) {
        int unit = 0;
        double left = value;
        while (left >= UNIT && unit < UNITS.length - 1) {
            left /= UNIT;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || left >= 100 ? "%.0f %s" : "%.1f %s", left, UNITS[unit]);
    }

    static String seconds(double value) {
        long all = (long) value;
        long minutes = all / 60;
        long hours = minutes / 60;
        return hours >= 48
                ? hours / 24 + " days"
                : hours > 0 ? hours + " h " + minutes % 60 + " min" : minutes > 0 ? minutes + " min" : all + " s";
    }

    /**
     * The time that this part of what was timed took at most, by the buckets of a histogram; each bucket is twice as
     * wide as the one before.
     */
    static String quantile(double part, List<Long> counts, List<Long> bounds) {
        long all = counts.stream().mapToLong(Long::longValue).sum();
        long wanted = (long) Math.ceil(part * all);
        long sum = 0;
        for (int bucket = 0; all > 0 && bucket < counts.size(); bucket++) {
            sum += counts.get(bucket);
            if (sum >= wanted) {
                return bucket < bounds.size() ? nanos(bounds.get(bucket)) : "> " + nanos(bounds.getLast());
            }
        }
        return UNKNOWN;
    }

    private static String nanos(long value) {
        if (value < NANOS_PER_MILLI) {
            return String.format(Locale.ROOT, "%.0f µs", value / NANOS_PER_MICRO);
        }
        return value < NANOS_PER_SECOND
                ? String.format(Locale.ROOT, "%.0f ms", value / NANOS_PER_MILLI)
                : String.format(Locale.ROOT, "%.1f s", value / NANOS_PER_SECOND);
    }
}

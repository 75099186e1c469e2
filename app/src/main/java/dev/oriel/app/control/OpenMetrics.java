package dev.oriel.app.control;

import java.util.Arrays;
import java.util.Locale;

/**
 * Writes the OpenMetrics text format, version 1.0: families of metrics, each with its samples. Names and labels are
 * ours; only values of labels are escaped.
 */
final class OpenMetrics {
    static final String CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private static final int NANOS = 1_000_000_000;

    private final StringBuilder out = new StringBuilder();
    private String family = "";
    private Type type = Type.GAUGE;

    /** What a family holds, by its name in the format. */
    enum Type {
        COUNTER("_total"),
        GAUGE(""),
        HISTOGRAM(""),
        INFO("_info");

        private final String suffix;

        Type(String suffix) {
            this.suffix = suffix;
        }
    }

    /** Begins a family; its samples follow. */
    void family(String name, Type type, String help) {
        family = name;
        this.type = type;
        out.append("# TYPE ").append(name).append(' ');
        out.append(type.name().toLowerCase(Locale.ROOT)).append('\n');
        if (name.endsWith("_bytes")) {
            out.append("# UNIT ").append(name).append(" bytes\n");
        } else if (name.endsWith("_seconds")) {
            out.append("# UNIT ").append(name).append(" seconds\n");
        }
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    }

    /** A sample of the family; {@code labels} are names and values in turn. */
    void sample(long value, Object... labels) {
        name(type.suffix, labels);
        out.append(value).append('\n');
    }

    /** A sample of the family. */
    void sample(double value, Object... labels) {
        name(type.suffix, labels);
        out.append(value).append('\n');
    }

    /**
     * A histogram of the family, of times.
     *
     * @param counts of each bucket alone
     * @param boundsNanos the longest time of each bucket but the last
     */
    void histogram(long[] counts, long[] boundsNanos, long sumNanos, Object... labels) {
        Object[] withBound = Arrays.copyOf(labels, labels.length + 2);
        withBound[labels.length] = "le";
        long sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += counts[i];
            withBound[labels.length + 1] = i < boundsNanos.length ? Double.toString(seconds(boundsNanos[i])) : "+Inf";
            name("_bucket", withBound);
            out.append(sum).append('\n');
        }
        name("_count", labels);
        out.append(sum).append('\n');
        name("_sum", labels);
        out.append(seconds(sumNanos)).append('\n');
    }

    private static double seconds(long nanos) {
        return (double) nanos / NANOS;
    }

    private void name(String suffix, Object... labels) {
        out.append(family).append(suffix);
        for (int i = 0; i < labels.length; i += 2) {
            out.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
            escape(String.valueOf(labels[i + 1]));
            out.append('"');
        }
        out.append(labels.length == 0 ? " " : "} ");
    }

    private void escape(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> out.append("\\\\");
                case '"' -> out.append("\\\"");
                case '\n' -> out.append("\\n");
                default -> out.append(c);
            }
        }
    }

    /** The whole text; nothing is added any more. */
    String end() {
        return out.append("# EOF\n").toString();
    }
}

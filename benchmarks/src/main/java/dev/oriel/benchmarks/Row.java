package dev.oriel.benchmarks;

/**
 * What is measured: one line of a table.
 *
 * @param name for people, as in {@code "GETATTR, depth 16, 1 queue"}
 * @param unit as in {@code "/s"} or {@code "MiB/s"}
 * @param moreIsBetter true for rates, false for times and sizes; a ratio is always of the better over the worse kind,
 *     so above 1 the first subject wins
 */
public record Row(String name, String unit, boolean moreIsBetter) {
    /** A row of a rate. */
    public static Row rate(String name, String unit) {
        return new Row(name, unit, true);
    }

    /** A row of a time or a size. */
    public static Row cost(String name, String unit) {
        return new Row(name, unit, false);
    }

    /** How many times as good {@code first} is as {@code second}. */
    double ratio(double first, double second) {
        return moreIsBetter ? first / second : second / first;
    }
}

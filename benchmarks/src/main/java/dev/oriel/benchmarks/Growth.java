package dev.oriel.benchmarks;

import java.util.List;

/**
 * A cost at several sizes: one line of a table of growth.
 *
 * @param what the cost is of, as in {@code "LOOKUP"}
 * @param isOfMemory whether it is memory; processor time if not
 * @param unit of the sizes, as in {@code "queues"}
 * @param sizes rising
 */
public record Growth(String what, boolean isOfMemory, String unit, List<Integer> sizes) {
    /**
     * A cost of one thing that rises by more than this from the least number of things to the most grows faster than
     * their number.
     */
    static final double MOST_FACTOR = 1.5;

    /** Its row in a {@link Report} for a size. */
    Row row(int size) {
        String many = "%,d %s".formatted(size, size == 1 ? unit.substring(0, unit.length() - 1) : unit);
        return isOfMemory ? Row.cost(what + ", " + many, "KiB") : Row.rate(what + ", " + many, "/s");
    }
}

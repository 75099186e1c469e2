package dev.oriel.benchmarks;

import java.util.Arrays;

/** The least, the middle and the greatest of several values. */
record Spread(double least, double median, double greatest) {
    /** @throws IllegalArgumentException for no values */
    static Spread of(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("no values have no spread");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted[0], median, sorted[sorted.length - 1]);
    }

    /** The greatest over the least. */
    double factor() {
        return greatest / least;
    }
}

/**
 * Benchmarks: servers side by side in one run, in ratios. {@link dev.oriel.benchmarks.Comparison} is where to begin.
 */
@org.jspecify.annotations.NullMarked
module dev.oriel.benchmarks {
    requires transitive dev.oriel.driver;
    requires transitive dev.oriel.guests;
    requires static transitive org.jspecify;

    exports dev.oriel.benchmarks;
}

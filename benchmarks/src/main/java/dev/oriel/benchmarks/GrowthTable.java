package dev.oriel.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The growths of a {@link ScaleBenchmark}: what one more costs, at each size, and how many times what it costs at the
 * least.
 */
public final class GrowthTable {
    private final Report report;
    private final List<Growth> growths;

    /** @param report of the benchmark that the growths are of */
    public GrowthTable(Report report, List<Growth> growths) {
        this.report = report;
        this.growths = growths;
    }

    /** Prints it. */
    public void print(PrintWriter out) throws IOException {
        Table.print(report, out);
        out.println();
        out.printf(
                Locale.ROOT,
                "What one costs the server, and how many times what it costs at the least number (a defect above %.1f):%n",
                Growth.MOST_FACTOR);
        for (Growth growth : growths) {
            out.printf("  %-24s", growth.what());
            for (int size : growth.sizes()) {
                OptionalDouble cost = cost(growth, size);
                out.printf(
                        Locale.ROOT,
                        "  %,d %s: %s",
                        size,
                        growth.unit(),
                        cost.isEmpty()
                                ? "?"
                                : "%s %s (%s)"
                                        .formatted(
                                                Table.number(cost.getAsDouble()),
                                                growth.isOfMemory() ? "KiB" : "µs",
                                                Table.number(factor(growth, size))));
            }
            out.println();
        }
        out.flush();
    }

    /** The report's figures and the growths, for JSON. */
    public Map<String, Object> figures() throws IOException {
        Map<String, Object> figures = report.figures();
        List<Object> list = new ArrayList<>();
        for (Growth growth : growths) {
            for (int size : growth.sizes()) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("what", growth.what());
                entry.put(growth.unit(), size);
                cost(growth, size)
                        .ifPresent(
                                cost -> entry.put(growth.isOfMemory() ? "kib" : "processor_us", Table.rounded(cost)));
                entry.put("growth", Table.rounded(factor(growth, size)));
                list.add(entry);
            }
        }
        figures.put("growth", list);
        return figures;
    }

    private double factor(Growth growth, int size) {
        return cost(growth, size).orElse(Double.NaN)
                / cost(growth, growth.sizes().getFirst()).orElse(Double.NaN);
    }

    private OptionalDouble cost(Growth growth, int size) {
        String subject = report.subjects().getFirst();
        return growth.isOfMemory()
                ? report.median(growth.row(size), subject)
                : report.processorMicros(growth.row(size), subject);
    }
}

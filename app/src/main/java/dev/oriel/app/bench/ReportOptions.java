package dev.oriel.app.bench;

import dev.oriel.app.command.Json;
import dev.oriel.benchmarks.Chart;
import dev.oriel.benchmarks.Comparison;
import dev.oriel.benchmarks.GrowthTable;
import dev.oriel.benchmarks.Report;
import dev.oriel.benchmarks.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of all comparisons: how many rounds, and where the figures go. */
final class ReportOptions {
    private static final String STANDARD_OUTPUT = "-";
    private static final int LINE_WIDTH = 118;
    private static final String CLEAR_LINE = "\r\033[K";

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "How often to measure each server, in turn, 3 times at least (default: ${DEFAULT-VALUE}).")
    private int rounds = 5;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            arity = "0..1",
            fallbackValue = STANDARD_OUTPUT,
            description = "Write the figures as JSON; without FILE to standard output, in place of the table.")
    private @Nullable String json;

    @Option(names = "--chart", paramLabel = "FILE", description = "Write the ratios as a picture (SVG).")
    private @Nullable Path chart;

    /** Refuses numbers below the least. */
    void checkAtLeast(String option, List<Integer> numbers, int least) {
        for (int number : numbers) {
            if (number < least) {
                throw new ParameterException(
                        spec.commandLine(), option + " " + number + ": it takes at least " + least);
            }
        }
    }

    /** Refuses a chart, for a benchmark without ratios. */
    void refuseChart() {
        if (chart != null) {
            throw new ParameterException(spec.commandLine(), "--chart " + chart + ": there are no ratios to draw");
        }
    }

    /** How many rounds to run. */
    int rounds() {
        if (rounds < Comparison.LEAST_ROUNDS) {
            throw new ParameterException(
                    spec.commandLine(), "--rounds " + rounds + ": it takes at least " + Comparison.LEAST_ROUNDS);
        }
        return rounds;
    }

    /** Shows how far a comparison is, on standard error; a terminal keeps only the last line. */
    Consumer<String> progress() {
        PrintWriter err = spec.commandLine().getErr();
        boolean terminal = Boolean.getBoolean("oriel.terminal");
        return line -> {
            if (terminal) {
                err.print(CLEAR_LINE + line.substring(0, Math.min(line.length(), LINE_WIDTH)));
            } else {
                err.println(line);
            }
            err.flush();
        };
    }

    /**
     * Writes what was asked for.
     *
     * @return the exit status: 1 if the machine was too loud for ratios
     */
    int write(Report report) throws IOException {
        return write(report, out -> Table.print(report, out), report.figures());
    }

    /** The same with a table of growth. */
    int write(Report report, GrowthTable growth) throws IOException {
        return write(report, growth::print, growth.figures());
    }

    @FunctionalInterface
    private interface Printed {
        void to(PrintWriter out) throws IOException;
    }

    private int write(Report report, Printed table, Map<String, Object> figures) throws IOException {
        if (Boolean.getBoolean("oriel.terminal")) {
            spec.commandLine().getErr().print(CLEAR_LINE);
            spec.commandLine().getErr().flush();
        }
        PrintWriter out = spec.commandLine().getOut();
        if (STANDARD_OUTPUT.equals(json)) {
            out.println(Json.write(figures));
            out.flush();
        } else {
            table.to(out);
        }
        if (json != null && !STANDARD_OUTPUT.equals(json)) {
            Files.writeString(Path.of(json), Json.write(figures) + "\n");
        }
        if (chart != null) {
            Files.writeString(chart, Chart.svg(report, report.subjects().get(1)));
        }
        return report.isQuiet() ? 0 : 1;
    }
}

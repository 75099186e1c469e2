package dev.oriel.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** A {@link Report} as text in columns. */
public final class Table {
    private Table() {}

    /** Prints it. */
    public static void print(Report report, PrintWriter out) throws IOException {
        out.println(HostDescription.text());
        report.conditions().forEach(out::println);
        out.println(report.noise());
        out.println();
        List<List<String>> lines = new ArrayList<>();
        lines.add(heading(report));
        for (Row row : report.rows()) {
            lines.add(line(report, row));
        }
        int[] widths = new int[lines.getFirst().size()];
        for (List<String> line : lines.subList(1, lines.size())) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (int i = 0; i < widths.length; i++) {
            // A column without a value, as of the memory of what is no server, is left out.
            widths[i] = widths[i] == 0
                    ? 0
                    : Math.max(widths[i], lines.getFirst().get(i).length());
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder(padded(line.getFirst(), -widths[0]));
            for (int i = 1; i < widths.length; i++) {
                text.append(widths[i] == 0 ? "" : "  " + padded(line.get(i), widths[i]));
            }
            out.println(text.toString().stripTrailing());
        }
        out.println();
        out.println(
                "µs: the server's processor time for one operation; client: that of all else, guest or driver; MiB: the server's "
                        + "own memory. Ratio: median (least-greatest) of the rounds; above 1 "
                        + report.subjects().getFirst() + " is the better.");
        out.flush();
    }

    private static List<String> heading(Report report) {
        List<String> words = new ArrayList<>(List.of("", ""));
        for (String subject : report.subjects()) {
            words.addAll(List.of(subject, "µs", "client", "MiB"));
        }
        for (String other : report.subjects().subList(1, report.subjects().size())) {
            words.add("to " + other);
        }
        return words;
    }

    private static List<String> line(Report report, Row row) {
        List<String> words = new ArrayList<>(List.of(row.name(), row.unit()));
        for (String subject : report.subjects()) {
            words.add(number(report.median(row, subject)));
            words.add(number(report.processorMicros(row, subject)));
            words.add(number(report.clientMicros(row, subject)));
            words.add(number(report.residentMebibytes(row, subject)));
        }
        for (String other : report.subjects().subList(1, report.subjects().size())) {
            words.add(ratio(report, row, other));
        }
        return words;
    }

    private static String ratio(Report report, Row row, String other) {
        Optional<Spread> told = report.ratio(row, other);
        if (told.isPresent()) {
            Spread spread = told.get();
            return String.format(Locale.ROOT, "%.2f (%.2f-%.2f)", spread.median(), spread.least(), spread.greatest());
        }
        return report.ratios(row, other)
                .map(spread -> report.isQuiet()
                        ? String.format(Locale.ROOT, "too uneven (%.2f-%.2f)", spread.least(), spread.greatest())
                        : "too loud")
                .orElse("");
    }

    private static String padded(String text, int width) {
        return String.format(Locale.ROOT, "%" + width + "s", text);
    }

    private static String number(OptionalDouble value) {
        return value.isPresent() ? number(value.getAsDouble()) : "";
    }

    /** With as many digits as mean something. */
    static String number(double value) {
        double size = Math.abs(value);
        int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
        return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    /** Four digits that mean something; infinities and no numbers, which JSON lacks, as -1. */
    static double rounded(double value) {
        return Double.isFinite(value)
                ? new BigDecimal(value).round(new MathContext(4)).doubleValue()
                : -1;
    }
}

package dev.oriel.benchmarks;

import java.util.ArrayList;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The ratios of a {@link Report} as a picture (SVG 1.1): one bar for each row, from 1 to the median, with a line over
 * the spread of the rounds. The scale is logarithmic: twice as good and half as good are equally far from 1.
 *
 * <pre>
 *   GETATTR, depth 1        |     |=====|=====>--|-->      2.1
 *   READ 4 KiB, depth 1     |   <=|     |        |         0.9
 *                          0.5    1     1.5      2
 * </pre>
 */
public final class Chart {
    private static final int LABELS = 330;
    private static final int PLOT = 520;
    private static final int VALUES = 60;
    private static final int LINE = 22;
    private static final int BAR = 14;
    private static final int TOP = 54;
    private static final int BOTTOM = 34;
    private static final double[] MARKS = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.3, 2, 3, 5, 10, 20, 50, 100};
    private static final String BETTER = "#2e7d32";
    private static final String WORSE = "#c62828";

    private final Formatter out = new Formatter(Locale.ROOT);
    private final double low;
    private final double high;

    private Chart(double low, double high) {
        this.low = Math.log(low);
        this.high = Math.log(high);
    }

    /** The picture of the ratios to {@code other}; rows without a ratio that may be told stay out. */
    public static String svg(Report report, String other) {
        List<Row> rows = new ArrayList<>();
        double low = 0.8;
        double high = 1.5;
        for (Row row : report.rows()) {
            Optional<Spread> ratio = report.ratio(row, other);
            if (ratio.isPresent()) {
                rows.add(row);
                low = Math.min(low, ratio.get().least() * 0.9);
                high = Math.max(high, ratio.get().greatest() * 1.1);
            }
        }
        return new Chart(low, high).draw(report, rows, other);
    }

    private String draw(Report report, List<Row> rows, String other) {
        int bottom = TOP + Math.max(1, rows.size()) * LINE;
        int width = LABELS + PLOT + VALUES;
        out.format(
                """
                <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
                <rect width="100%%" height="100%%" fill="white"/>
                <text x="12" y="22" font-size="15" font-weight="bold">%s: %s against %s</text>
                <text x="12" y="40" fill="#555">times as good; the bar is the median, the line the spread of the rounds</text>
                """,
                width,
                bottom + BOTTOM,
                width,
                bottom + BOTTOM,
                escaped(report.name()),
                escaped(report.subjects().getFirst()),
                escaped(other));
        for (double mark : MARKS) {
            if (Math.log(mark) >= low && Math.log(mark) <= high) {
                String colour = mark == 1 ? "#000" : "#ccc";
                out.format(
                        "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\"/>%n",
                        x(mark), TOP, x(mark), bottom, colour);
                out.format(
                        "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                        x(mark), bottom + 18, text(mark));
            }
        }
        if (rows.isEmpty()) {
            out.format("<text x=\"12\" y=\"%d\">no ratios: %s</text>%n", TOP + BAR, escaped(report.noise()));
        }
        int y = TOP;
        for (Row row : rows) {
            bar(row, report.ratio(row, other).orElseThrow(), y);
            y += LINE;
        }
        out.format("</svg>%n");
        return out.toString();
    }

    private void bar(Row row, Spread ratio, int top) {
        int middle = top + LINE / 2;
        double median = x(ratio.median());
        out.format(
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                LABELS - 10, middle + 4, escaped(row.name()));
        out.format(
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                Math.min(x(1), median),
                middle - BAR / 2,
                Math.abs(median - x(1)),
                BAR,
                ratio.median() >= 1 ? BETTER : WORSE);
        out.format(
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#000\" stroke-width=\"1.5\"/>%n",
                x(ratio.least()), middle, x(ratio.greatest()), middle);
        out.format(
                "<text x=\"%.1f\" y=\"%d\">%.2f</text>%n",
                Math.max(x(1), x(ratio.greatest())) + 6, middle + 4, ratio.median());
    }

    private double x(double ratio) {
        return LABELS + (Math.log(ratio) - low) / (high - low) * PLOT;
    }

    private static String text(double mark) {
        return mark == Math.rint(mark) ? Integer.toString((int) mark) : Double.toString(mark);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}

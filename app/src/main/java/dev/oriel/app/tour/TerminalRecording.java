package dev.oriel.app.tour;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Passes on what is printed on a terminal, and remembers when: as a picture (SVG) that shows each line when it was
 * printed. It knows the line's end, the return to its beginning, and the sequence that clears it.
 */
final class TerminalRecording extends Writer {
    private static final char ESCAPE = '\033';

    /** Nobody wants to watch longer for a line. */
    private static final double LONGEST_WAIT = 2;

    /** How long the last line is shown before the picture begins again. */
    private static final double REST = 6;

    private static final double COLUMN = 7.8;
    private static final int ROW = 18;
    private static final int MARGIN = 16;

    private final Writer out;
    private final long began = System.nanoTime();
    private final List<Shown> shown = new ArrayList<>();
    private final StringBuilder line = new StringBuilder();
    private int row;
    private boolean escaped;

    /** A row as it is from a moment on, in seconds, until it is another. */
    private record Shown(int row, String text, double from) {}

    /** @param out gets all that is printed */
    TerminalRecording(Writer out) {
        this.out = out;
    }

    /** Adds the command as a person types it. */
    TerminalRecording typed(String command) {
        shown.add(new Shown(row, "$ " + command, 0));
        row += 2;
        return this;
    }

    @Override
    public void write(char[] characters, int offset, int length) throws IOException {
        out.write(characters, offset, length);
        for (int i = offset; i < offset + length; i++) {
            add(characters[i]);
        }
    }

    private void add(char c) {
        if (escaped) {
            escaped = !Character.isLetter(c);
        } else if (c == ESCAPE) {
            escaped = true;
        } else if (c == '\n') {
            show();
            line.setLength(0);
            row++;
        } else if (c == '\r') {
            line.setLength(0);
        } else {
            line.append(c);
        }
    }

    private void show() {
        shown.add(new Shown(row, line.toString(), (System.nanoTime() - began) / 1e9));
    }

    @Override
    public void flush() throws IOException {
        out.flush();
        if (!line.isEmpty()) {
            show();
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /** The picture. */
    String svg() {
        List<Double> times = times();
        double length = times.getLast() + REST;
        int columns = shown.stream().mapToInt(each -> each.text.length()).max().orElse(0);
        int width = (int) (columns * COLUMN) + 2 * MARGIN;
        int height = row * ROW + 2 * MARGIN;
        StringBuilder texts = new StringBuilder();
        StringBuilder styles = new StringBuilder();
        for (int i = 0; i < shown.size(); i++) {
            Shown from = shown.get(i);
            double until = length;
            for (int later = shown.size() - 1; later > i; later--) {
                until = shown.get(later).row == from.row ? times.get(later) : until;
            }
            styles.append(String.format(
                    Locale.ROOT,
                    "    @keyframes k%d { 0%%, %.2f%% { opacity: 0 } %.2f%%, %.2f%% { opacity: 1 } %s }%n",
                    i,
                    100 * times.get(i) / length,
                    100 * times.get(i) / length + 0.01,
                    100 * until / length,
                    until < length
                            ? String.format(Locale.ROOT, "%.2f%%, 100%% { opacity: 0 }", 100 * until / length + 0.01)
                            : ""));
            texts.append(String.format(
                    Locale.ROOT,
                    "  <text x=\"%d\" y=\"%d\" style=\"%sanimation: k%d %.1fs linear infinite\">%s</text>%n",
                    MARGIN,
                    MARGIN + ROW * from.row + ROW - 5,
                    until < length ? "opacity: 0; " : "", // where nothing moves, the end is shown
                    i,
                    length,
                    escaped(from.text)));
        }
        return """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="monospace" font-size="13" xml:space="preserve">
                  <title>oriel try, as it runs in a terminal</title>
                  <style>
                    text { fill: #e2e8f0; }
                %s  </style>
                  <rect width="%d" height="%d" rx="8" fill="#0f172a"/>
                %s</svg>
                """.formatted(width, height, styles, width, height, texts);
    }

    /** When each is shown: as it was, without waits that are too long to watch. */
    private List<Double> times() {
        List<Double> times = new ArrayList<>();
        double at = 0;
        double last = 0;
        for (Shown each : shown) {
            at += Math.min(each.from - last, LONGEST_WAIT);
            last = each.from;
            times.add(at);
        }
        return times;
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}

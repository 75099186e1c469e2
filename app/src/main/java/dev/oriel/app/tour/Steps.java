package dev.oriel.app.tour;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The steps of a tour as a person follows them: each is announced when it begins, may tell of its progress, and ends
 * with what it found and the time it took. Not for several threads, but for {@link #progress}.
 */
final class Steps {
    private static final int NAME_WIDTH = 14;
    private static final int LINE_WIDTH = 78;
    private static final String CLEAR_LINE = "\r\033[K";

    private final PrintWriter out;
    private final boolean terminal;
    private final List<Map<String, Object>> results = new ArrayList<>();
    private String name = "";
    private long began;

    /** @param terminal whether a line may be overwritten as the step goes on */
    Steps(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Begins the step {@code name}. */
    void begin(String stepName, String doing) {
        name = stepName;
        began = System.nanoTime();
        progress(doing + " ...");
    }

    /** Tells how far the step is; on a terminal it replaces what was told before. */
    synchronized void progress(String text) {
        if (terminal) {
            String line = heading(name) + text;
            out.print(CLEAR_LINE + line.substring(0, Math.min(line.length(), LINE_WIDTH)));
        } else {
            out.println(heading(name) + text);
        }
        out.flush();
    }

    /** Ends the step well. */
    void done(String found) {
        end("ok", found, "", Map.of());
    }

    /** Ends the step well, with figures for programs. */
    void done(String found, Map<String, Object> figures) {
        end("ok", found, "", figures);
    }

    /** Ends the step, which could not be made; the tour goes on. */
    void skipped(String why) {
        end("skipped", why, "not done: ", Map.of());
    }

    /** Ends the step, which showed a fault. */
    void failed(String why) {
        end("failed", why, "FAILED: ", Map.of());
    }

    private synchronized void end(String outcome, String detail, String prefix, Map<String, Object> figures) {
        double seconds = (System.nanoTime() - began) / 1e9;
        if (terminal) {
            out.print(CLEAR_LINE);
        }
        String[] lines = (prefix + detail).split("\n", -1);
        out.printf(Locale.ROOT, "%s%-54s %6.2f s%n", heading(name), lines[0], seconds);
        for (int i = 1; i < lines.length; i++) {
            out.println(heading("") + lines[i]);
        }
        out.flush();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("step", name);
        result.put("outcome", outcome);
        result.put("seconds", Math.round(seconds * 1000) / 1000.0);
        result.put("detail", detail);
        if (!figures.isEmpty()) {
            result.put("figures", figures);
        }
        results.add(result);
    }

    private static String heading(String stepName) {
        return String.format(Locale.ROOT, "  %-" + NAME_WIDTH + "s", stepName);
    }

    /** All steps that have ended, for JSON. */
    List<Map<String, Object>> results() {
        return results;
    }

    /** Whether no step has failed or was skipped. */
    boolean isComplete() {
        return results.stream().allMatch(result -> "ok".equals(result.get("outcome")));
    }
}

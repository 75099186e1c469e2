package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures subjects in turn, A B A B, so that what changes on the machine meanwhile meets all alike; a ratio is always
 * of two values of one round. A round in which the machine was too loud is run again, as often as there are rounds.
 *
 * <pre>{@code
 * Report report = Comparison.named("driver")
 *         .subject("oriel", measurements -> ...)       // the one that is praised
 *         .subject("virtiofsd", measurements -> ...)   // what it is compared with
 *         .rounds(5)
 *         .run();
 * }</pre>
 */
public final class Comparison {
    /** Fewer rounds have no spread worth the name. */
    public static final int LEAST_ROUNDS = 3;

    private final String name;
    private final Map<String, Trial> subjects = new LinkedHashMap<>();
    private final List<String> conditions = new ArrayList<>();
    private final List<Long> servers = new ArrayList<>();
    private int rounds = 5;
    private Consumer<String> progress = text -> {};

    private Comparison(String name) {
        this.name = name;
    }

    /**
     * Begins the description of one.
     *
     * @param name what is measured, as in the command: {@code "driver"}
     */
    public static Comparison named(String name) {
        return new Comparison(name);
    }

    /** Adds a subject; the first is compared with each of the others. */
    public Comparison subject(String subject, Trial trial) {
        if (subjects.putIfAbsent(subject, trial) != null) {
            throw new IllegalArgumentException("two subjects are called " + subject);
        }
        return this;
    }

    /** States something that a reader has to know: the share, the warm-up. */
    public Comparison condition(String text) {
        conditions.add(text);
        return this;
    }

    /** Names a process that serves all trials: what it does is no noise. */
    public Comparison server(long pid) {
        servers.add(pid);
        return this;
    }

    /** How many rounds must be quiet. */
    public Comparison rounds(int count) {
        if (count < LEAST_ROUNDS) {
            throw new IllegalArgumentException("a comparison takes at least " + LEAST_ROUNDS + " rounds, not " + count);
        }
        rounds = count;
        return this;
    }

    /** Receives a line for each step, on the thread that runs the comparison. */
    public Comparison progress(Consumer<String> lines) {
        progress = lines;
        return this;
    }

    /** Runs it. */
    public Report run() throws IOException, InterruptedException {
        if (subjects.isEmpty()) {
            throw new IllegalStateException("nothing to measure");
        }
        Noise noise = new Noise(servers);
        Report report = new Report(name, List.copyOf(subjects.keySet()), List.copyOf(conditions));
        noise.begin(); // compiles the computation, too
        int quiet = 0;
        for (int round = 0; quiet < rounds && round < 2 * rounds; round++) {
            Map<String, List<Measurement>> values = new LinkedHashMap<>();
            boolean loud = false;
            for (Map.Entry<String, Trial> subject : subjects.entrySet()) {
                String step = "round %d of %d%s: %s"
                        .formatted(
                                quiet + 1,
                                rounds,
                                round > quiet ? ", " + (round - quiet) + " were too loud" : "",
                                subject.getKey());
                progress.accept(step);
                List<Measurement> measured = new ArrayList<>();
                noise.begin();
                subject.getValue().run(measurement -> {
                    measured.add(measurement);
                    progress.accept(step + ", " + text(measurement));
                });
                Noise.Heard heard = noise.end();
                report.heard(heard);
                if (heard.isTooLoud()) {
                    progress.accept(step + " was too loud: " + heard.text());
                }
                loud |= heard.isTooLoud();
                values.put(subject.getKey(), measured);
            }
            report.round(values, !loud);
            quiet += loud ? 0 : 1;
        }
        report.end(quiet >= rounds);
        return report;
    }

    private static String text(Measurement measurement) {
        return String.format(
                Locale.ROOT,
                "%s: %s %s",
                measurement.row().name(),
                Table.number(measurement.value()),
                measurement.row().unit());
    }
}

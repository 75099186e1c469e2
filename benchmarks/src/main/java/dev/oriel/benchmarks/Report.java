package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What a {@link Comparison} found: for each row and subject the median, for each row the ratio of the first subject to
 * each other. A ratio is given only if the machine was quiet and the rounds agree.
 */
public final class Report {
    /** Rounds whose ratios differ by more than this factor do not agree. */
    static final double MOST_SPREAD = 1.6;

    private final String name;
    private final List<String> subjects;
    private final List<String> conditions;
    private final List<Map<String, Map<Row, Measurement>>> quietRounds = new ArrayList<>();
    private final List<Map<String, Map<Row, Measurement>>> loudRounds = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private double mostForeign;
    private double mostSlowdown = 1;
    private boolean quiet;

    Report(String name, List<String> subjects, List<String> conditions) {
        this.name = name;
        this.subjects = subjects;
        this.conditions = conditions;
    }

    void heard(Noise.Heard heard) {
        mostForeign = Math.max(mostForeign, heard.foreign());
        mostSlowdown = Math.max(mostSlowdown, heard.slowdown());
    }

    void round(Map<String, List<Measurement>> measured, boolean isQuiet) {
        Map<String, Map<Row, Measurement>> round = new LinkedHashMap<>();
        measured.forEach((subject, values) -> {
            Map<Row, Measurement> byRow = new LinkedHashMap<>();
            for (Measurement value : values) {
                if (byRow.putIfAbsent(value.row(), value) != null) {
                    throw new IllegalStateException(subject + " measured twice: " + value.row());
                }
                if (!rows.contains(value.row())) {
                    rows.add(value.row());
                }
            }
            round.put(subject, byRow);
        });
        (isQuiet ? quietRounds : loudRounds).add(round);
    }

    void end(boolean enoughQuietRounds) {
        quiet = enoughQuietRounds;
    }

    /** What was measured. */
    public String name() {
        return name;
    }

    /** The subjects, the first being the one that is compared with the others. */
    public List<String> subjects() {
        return subjects;
    }

    /** What a reader has to know. */
    public List<String> conditions() {
        return conditions;
    }

    /** All rows, in the order in which they first came. */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Whether the machine was quiet enough for ratios. */
    public boolean isQuiet() {
        return quiet;
    }

    /** What the machine did besides, for people. */
    public String noise() {
        return "%s: %d quiet rounds%s; at worst %s"
                .formatted(
                        quiet ? "a quiet machine" : "TOO LOUD for ratios",
                        quietRounds.size(),
                        loudRounds.isEmpty() ? "" : " and " + loudRounds.size() + " that were too loud",
                        new Noise.Heard(mostForeign, mostSlowdown).text());
    }

    /** The values of a row and subject, one for each round that has it. */
    public double[] values(Row row, String subject) {
        return measurements(row, subject).stream()
                .mapToDouble(Measurement::value)
                .toArray();
    }

    /** The rounds to look at: without a single quiet one the loud ones are better than nothing. */
    private List<Map<String, Map<Row, Measurement>>> rounds() {
        return quietRounds.isEmpty() ? loudRounds : quietRounds;
    }

    private List<Measurement> measurements(Row row, String subject) {
        List<Measurement> found = new ArrayList<>();
        for (Map<String, Map<Row, Measurement>> round : rounds()) {
            Measurement value = round.getOrDefault(subject, Map.of()).get(row);
            if (value != null) {
                found.add(value);
            }
        }
        return found;
    }

    /** The median of the values; empty if there are none. */
    public OptionalDouble median(Row row, String subject) {
        return median(values(row, subject));
    }

    /** The server's processor time for an operation in microseconds, the median. */
    public OptionalDouble processorMicros(Row row, String subject) {
        return median(row, subject, Measurement::processorMicros);
    }

    /** The processor time of all but the server for an operation in microseconds, the median. */
    public OptionalDouble clientMicros(Row row, String subject) {
        return median(row, subject, Measurement::clientMicros);
    }

    /** The server's own memory in MiB, the median. */
    public OptionalDouble residentMebibytes(Row row, String subject) {
        return median(row, subject, Measurement::residentMebibytes);
    }

    private OptionalDouble median(Row row, String subject, Function<Measurement, OptionalDouble> part) {
        return median(measurements(row, subject).stream()
                .flatMapToDouble(measurement -> part.apply(measurement).stream())
                .toArray());
    }

    private static OptionalDouble median(double[] values) {
        return values.length == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(Spread.of(values).median());
    }

    /** The ratios of the first subject to {@code other}, round by round: their spread, whether they agree or not. */
    Optional<Spread> ratios(Row row, String other) {
        List<Double> found = new ArrayList<>();
        for (Map<String, Map<Row, Measurement>> round : rounds()) {
            Measurement ours = round.getOrDefault(subjects.getFirst(), Map.of()).get(row);
            Measurement theirs = round.getOrDefault(other, Map.of()).get(row);
            if (ours != null && theirs != null) {
                found.add(row.ratio(ours.value(), theirs.value()));
            }
        }
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(Spread.of(
                        found.stream().mapToDouble(Double::doubleValue).toArray()));
    }

    /** The ratio that may be told: of a quiet machine, and of rounds that agree. */
    Optional<Spread> ratio(Row row, String other) {
        return quiet ? ratios(row, other).filter(spread -> spread.factor() <= MOST_SPREAD) : Optional.empty();
    }

    /** As maps, lists, strings and numbers, for JSON. */
    public Map<String, Object> figures() throws IOException {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("benchmark", name);
        figures.put("machine", HostDescription.text());
        figures.put("conditions", conditions);
        figures.put("quiet", quiet);
        figures.put("noise", noise());
        List<Object> list = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("row", row.name());
            entry.put("unit", row.unit());
            entry.put("better", row.moreIsBetter() ? "more" : "less");
            for (String subject : subjects) {
                if (median(row, subject).isPresent()) {
                    entry.put(subject, figures(row, subject));
                }
            }
            for (String other : subjects.subList(1, subjects.size())) {
                ratio(row, other).ifPresent(spread -> {
                    Map<String, Object> ratio = new LinkedHashMap<>();
                    ratio.put("median", Table.rounded(spread.median()));
                    ratio.put("least", Table.rounded(spread.least()));
                    ratio.put("greatest", Table.rounded(spread.greatest()));
                    entry.put("ratio_to_" + other, ratio);
                });
            }
            list.add(entry);
        }
        figures.put("rows", list);
        return figures;
    }

    private Map<String, Object> figures(Row row, String subject) {
        Map<String, Object> figures = new LinkedHashMap<>();
        List<Object> values = new ArrayList<>();
        for (double value : values(row, subject)) {
            values.add(Table.rounded(value));
        }
        median(row, subject).ifPresent(value -> figures.put("median", Table.rounded(value)));
        figures.put("values", values);
        processorMicros(row, subject).ifPresent(value -> figures.put("processor_us", Table.rounded(value)));
        clientMicros(row, subject).ifPresent(value -> figures.put("client_us", Table.rounded(value)));
        residentMebibytes(row, subject).ifPresent(value -> figures.put("resident_mib", Table.rounded(value)));
        return figures;
    }
}

package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Row RATE = Row.rate("rate", "/s");
    private static final Row TIME = Row.cost("time", "ms");

    private final Report report = new Report("test", List.of("ours", "theirs"), List.of("a condition"));

    private void round(boolean quiet, double oursRate, double theirsRate, double oursTime, double theirsTime) {
        Map<String, List<Measurement>> values = new LinkedHashMap<>();
        values.put("ours", List.of(Measurement.of(RATE, oursRate), Measurement.of(TIME, oursTime)));
        values.put("theirs", List.of(Measurement.of(RATE, theirsRate), Measurement.of(TIME, theirsTime)));
        report.round(values, quiet);
    }

    private String table() throws Exception {
        StringWriter text = new StringWriter();
        Table.print(report, new PrintWriter(text, true));
        return text.toString();
    }

    @Test
    void aRatioIsOfTwoValuesOfOneRound() {
        // the machine is twice as fast in the second round: the medians of all values would tell another story
        round(true, 10, 5, 4, 8);
        round(true, 20, 10, 2, 4);
        round(true, 11, 5, 4, 8);
        report.end(true);
        assertThat(report.ratio(RATE, "theirs")).hasValue(new Spread(2, 2, 2.2));
    }

    @Test
    void moreIsBetterInRatesAndLessInTimes() {
        round(true, 30, 10, 4, 8);
        report.end(true);
        assertThat(report.ratio(RATE, "theirs").orElseThrow().median()).isEqualTo(3);
        assertThat(report.ratio(TIME, "theirs").orElseThrow().median()).isEqualTo(2);
    }

    @Test
    void aLoudMachineGivesNoRatios() throws Exception {
        round(false, 30, 10, 4, 8);
        report.end(false);
        assertThat(report.ratio(RATE, "theirs")).isEmpty();
        assertThat(table()).contains("TOO LOUD", "too loud").doesNotContain("3.00");
        assertThat(report.figures().toString()).contains("quiet=false").doesNotContain("ratio_to");
        assertThat(Chart.svg(report, "theirs")).contains("TOO LOUD").doesNotContain("3.00");
    }

    @Test
    void aLoudRoundDoesNotCountBesideQuietOnes() {
        round(true, 30, 10, 4, 8);
        round(false, 10, 10, 4, 8);
        report.end(true);
        assertThat(report.values(RATE, "ours")).containsExactly(30);
    }

    @Test
    void roundsThatDisagreeGiveNoRatio() throws Exception {
        round(true, 30, 10, 4, 8);
        round(true, 10, 10, 4, 8);
        round(true, 31, 10, 4, 8);
        report.end(true);
        assertThat(report.ratio(RATE, "theirs")).isEmpty();
        assertThat(report.ratio(TIME, "theirs")).isPresent();
        assertThat(table()).contains("too uneven (1.00-3.10)", "2.00 (2.00-2.00)");
    }

    @Test
    void theChartShowsEachRatio() {
        round(true, 30, 10, 4, 1);
        report.end(true);
        assertThat(Chart.svg(report, "theirs"))
                .startsWith("<svg ")
                .contains(">3.00<", ">0.25<", ">rate<", ">time<")
                .endsWith("</svg>\n");
    }
}

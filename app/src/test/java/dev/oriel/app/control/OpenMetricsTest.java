package dev.oriel.app.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Our text is the text of Prometheus' own library. */
class OpenMetricsTest {
    private static final String ODD = "a\"b\\c\nd é";

    private static String ours() {
        OpenMetrics out = new OpenMetrics();
        out.family("a", OpenMetrics.Type.INFO, "An info.");
        out.sample(1, "version", ODD);
        out.family("b", OpenMetrics.Type.COUNTER, "A counter.");
        out.sample(3.0, "guest", "1", "operation", "READ");
        out.family("c_bytes", OpenMetrics.Type.GAUGE, "A gauge.");
        out.sample(1.5E9);
        out.family("d_seconds", OpenMetrics.Type.HISTOGRAM, "A histogram.");
        out.histogram(new long[] {2, 0, 3}, new long[] {1024, 2048}, 5_000_000_000L, "guest", "1");
        return out.end();
    }

    private static String theirs() throws IOException {
        MetricSnapshots snapshots = MetricSnapshots.of(
                InfoSnapshot.builder()
                        .name("a")
                        .help("An info.")
                        .dataPoint(InfoDataPointSnapshot.builder()
                                .labels(Labels.of("version", ODD))
                                .build())
                        .build(),
                CounterSnapshot.builder()
                        .name("b")
                        .help("A counter.")
                        .dataPoint(CounterDataPointSnapshot.builder()
                                .labels(Labels.of("guest", "1", "operation", "READ"))
                                .value(3)
                                .build())
                        .build(),
                GaugeSnapshot.builder()
                        .name("c_bytes")
                        .unit(Unit.BYTES)
                        .help("A gauge.")
                        .dataPoint(GaugeDataPointSnapshot.builder().value(1.5E9).build())
                        .build(),
                HistogramSnapshot.builder()
                        .name("d_seconds")
                        .unit(Unit.SECONDS)
                        .help("A histogram.")
                        .dataPoint(HistogramDataPointSnapshot.builder()
                                .labels(Labels.of("guest", "1"))
                                .classicHistogramBuckets(ClassicHistogramBuckets.of(
                                        new double[] {1.024E-6, 2.048E-6, Double.POSITIVE_INFINITY},
                                        new long[] {2, 0, 3}))
                                .sum(5)
                                .build())
                        .build());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        OpenMetricsTextFormatWriter.builder().build().write(out, snapshots);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void eachKindOfFamilyIsWrittenAsPrometheusWritesIt() throws IOException {
        assertThat(ours()).isEqualTo(theirs());
    }
}

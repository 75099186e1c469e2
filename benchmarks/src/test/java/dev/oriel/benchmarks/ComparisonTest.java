package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final Row ROW = Row.rate("row", "/s");

    private static Trial trial(List<String> order, String name) {
        return rows -> {
            order.add(name);
            rows.accept(Measurement.of(ROW, 1));
        };
    }

    @Test
    void subjectsTakeTurns() throws Exception {
        List<String> order = new ArrayList<>();
        Report report = Comparison.named("test")
                .subject("a", trial(order, "a"))
                .subject("b", trial(order, "b"))
                .rounds(3)
                .run();
        assertThat(order).hasSizeBetween(6, 12).startsWith("a", "b", "a", "b", "a", "b");
        assertThat(report.rows()).containsExactly(ROW);
    }

    @Test
    void tooFewRoundsAreRefused() {
        assertThatThrownBy(() -> Comparison.named("test").rounds(2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3");
    }

    @Test
    void aRowIsMeasuredOnceInATrial() {
        Comparison twice = Comparison.named("test").subject("a", rows -> {
            rows.accept(Measurement.of(ROW, 1));
            rows.accept(Measurement.of(ROW, 2));
        });
        assertThatThrownBy(twice::run).isInstanceOf(IllegalStateException.class).hasMessageContaining("row");
    }
}

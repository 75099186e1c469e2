package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkTest {
    private static final Row ROW = Row.rate("row", "/s");

    /** A server that does nothing. */
    private record Idle(Process process) implements Daemon {
        @Override
        public Path socket() {
            return Path.of("none");
        }

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    @Test
    void whatTheServerDoesNotDoIsItsClients() throws Exception {
        try (Daemon server = new Idle(new ProcessBuilder("sleep", "600").start())) {
            Work work = Work.begin(server);
            double begun = ProcessTime.ofSelfAndEndedChildren();
            while (ProcessTime.ofSelfAndEndedChildren() - begun < 0.5) {
                Thread.onSpinWait();
            }
            Measurement measured = work.end(ROW, 1, 10);
            assertThat(measured.clientMicros().orElseThrow()).isGreaterThan(40_000);
            assertThat(measured.processorMicros()).hasValue(0);
        }
    }

    @Test
    void theFiguresTellServerAndClientApart() throws Exception {
        try (Daemon server = new Idle(new ProcessBuilder("sleep", "600").start())) {
            Measurement measured = Work.begin(server).end(ROW, 1, 1);
            Report report = new Report("test", List.of("ours"), List.of());
            report.round(Map.of("ours", List.of(measured)), true);
            report.end(true);
            assertThat(report.figures().toString()).contains("processor_us", "client_us", "resident_mib");
        }
    }
}

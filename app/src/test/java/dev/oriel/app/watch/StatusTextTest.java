package dev.oriel.app.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What top and status show of two moments of a server. */
class StatusTextTest {
    private static final StatusSnapshot NOTHING = new StatusSnapshot(Map.of());

    private static String status(int seconds, int requests, String path) throws Exception {
        return """
                {"version": "1", "share": "/srv/a\\u001bb", "uptime_seconds": %d, "processor_seconds": %d,
                 "own_bytes": 1048576, "most_guests": 64, "latency_bounds_ns": [1024, 2048],
                 "guests": [{"guest": 7, "pid": 12, "session": "FUSE", "requests": %d, "read_bytes": %d,
                   "queues": [{"in_flight": 2}, {"in_flight": 1}],
                   "operations": {"READ": {"requests": %d, "errors": 0, "deferred": 1, "timed": [0, %d, 1]}},
                   "holds": {"nodes": 5}, "window": null, "hot": [{"path": "%s", "percent": 42}]}]}
                """.formatted(seconds, seconds / 2, requests, requests * 2048, requests, requests, path);
    }

    private static String text(StatusSnapshot before, StatusSnapshot now) {
        return String.join("\n", new StatusText(before, now).lines());
    }

    @Test
    void ratesAreThoseOfTheTimeBetween() throws Exception {
        String text = text(StatusSnapshot.parse(status(10, 1000, "/f")), StatusSnapshot.parse(status(14, 9000, "/f")));
        assertThat(text)
                .contains("processor 50 %")
                .containsPattern("7 +12 +2,000 .* 3.9 MiB")
                .containsPattern("READ +2,000 +0 +0 +2 µs +2 µs")
                .contains("42 %  /f  (guest 7)");
    }

    @Test
    void ofOneMomentTheRatesAreThoseSinceTheBeginning() throws Exception {
        assertThat(text(NOTHING, StatusSnapshot.parse(status(10, 1000, "/f")))).containsPattern("READ +100 ");
    }

    @Test
    void whatGuestsAndHostsNameCannotSteerTheTerminal() throws Exception {
        assertThat(text(NOTHING, StatusSnapshot.parse(status(10, 1, "/\\u001b[2J\\n"))))
                .doesNotContain("\u001b")
                .contains("42 %");
    }

    @Test
    void aGuestThatHasNotMountedSaysSo() throws Exception {
        String none = status(10, 0, "/").replace("\"FUSE\"", "null");
        assertThat(text(NOTHING, StatusSnapshot.parse(none))).contains("not mounted");
    }

    @Test
    void quantilesAreBoundsOfBuckets() {
        List<Long> bounds = List.of(1024L, 2048L);
        assertThat(Amount.quantile(0.5, List.of(2L, 1L, 1L), bounds)).isEqualTo("1 µs");
        assertThat(Amount.quantile(0.99, List.of(2L, 1L, 1L), bounds)).isEqualTo("> 2 µs");
        assertThat(Amount.quantile(0.5, List.of(0L, 0L, 0L), bounds)).isEqualTo("-");
    }
}

package dev.oriel.app.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** However many lines a guest causes, the log stays readable, and says what it left out. */
class LogRateTest {
    private static final long SECOND = 1_000_000_000L;

    @AfterEach
    void logAsUsual() {
        Log.configure(LogLevel.INFO, LogSink.standardError());
    }

    @Test
    void aFewLinesAreLoggedAtOnceAndThenOneInASecond() {
        long now = Long.MAX_VALUE - 5;
        LogRate rate = new LogRate(now);
        for (int i = 0; i < LogRate.BURST; i++) {
            assertThat(rate.ask(now)).isZero();
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(rate.ask(now)).isNegative();
        }
        assertThat(rate.ask(now + SECOND)).isEqualTo(1000);
        assertThat(rate.ask(now + SECOND)).isNegative();
        assertThat(rate.ask(now + 3 * SECOND)).isEqualTo(1);
        assertThat(rate.ask(now + 3 * SECOND)).isZero();
        assertThat(rate.ask(now + 3 * SECOND)).isNegative();
    }

    @Test
    void afterAQuietTimeAFewLinesAreLoggedAgain() {
        LogRate rate = new LogRate(0);
        for (int i = 0; i < 2 * LogRate.BURST; i++) {
            rate.ask(0);
        }
        int logged = 0;
        for (int i = 0; i < 2 * LogRate.BURST; i++) {
            logged += rate.ask(1_000_000 * SECOND) >= 0 ? 1 : 0;
        }
        assertThat(logged).isEqualTo(LogRate.BURST);
    }

    @Test
    void whatGuestsCauseHasARateAndWhatTheCommandSaysHasNone() {
        List<String> lines = new ArrayList<>();
        Log.configure(LogLevel.INFO, (level, logger, text) -> lines.add(text));
        LogFinder finder = new LogFinder();
        for (int i = 0; i < 10 * LogRate.BURST; i++) {
            finder.getLogger("dev.oriel.device", getClass().getModule()).log(System.Logger.Level.WARNING, "flood");
        }
        assertThat(lines).hasSizeBetween(LogRate.BURST, 2 * LogRate.BURST);
        finder.getLogger("dev.oriel.device", getClass().getModule()).log(System.Logger.Level.ERROR, "a fault");
        assertThat(lines).contains("a fault");
        lines.clear();
        for (int i = 0; i < 10 * LogRate.BURST; i++) {
            finder.getLogger("dev.oriel.app", getClass().getModule()).log(System.Logger.Level.WARNING, "said");
        }
        assertThat(lines).hasSize(10 * LogRate.BURST);
    }
}

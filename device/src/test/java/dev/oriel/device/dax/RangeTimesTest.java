package dev.oriel.device.dax;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RangeTimesTest {
    private final RangeTimes times = new RangeTimes();

    @Test
    void aCopyIsTriedOnceItIsKnownWhatAMappingTakes() {
        assertThat(times.stagingIsQuicker()).as("nothing is known").isFalse();
        times.mapped(100);
        assertThat(times.stagingIsQuicker()).as("copies are not known").isTrue();
    }

    @Test
    void aMappingHasToBeTakenAwayTooWhereTheWindowIsFull() {
        times.mapped(100);
        times.staged(150);
        assertThat(times.stagingIsQuicker()).isFalse();
        times.unmapped(60);
        times.takenAway();
        assertThat(times.stagingIsQuicker()).isTrue();
        for (int i = 0; i < 100; i++) {
            times.staged(150);
        }
        assertThat(times.stagingIsQuicker()).as("nothing is taken away").isFalse();
        times.takenAway();
        assertThat(times.stagingIsQuicker()).as("a copy was taken away").isTrue();
    }

    @Test
    void whatWasSlowOnceDecidesNothing() {
        times.mapped(100);
        times.staged(50);
        times.staged(5_000_000);
        times.staged(50);
        assertThat(times.stagingIsQuicker()).isTrue();
        times.staged(5_000_000);
        times.staged(5_000_000);
        assertThat(times.stagingIsQuicker()).isFalse();
    }

    @Test
    void copiesThatWereSlowAreTriedAgain() {
        times.mapped(100);
        times.staged(500);
        int decided = 1;
        while (!times.stagingIsQuicker()) {
            assertThat(++decided).as("decisions for mapping").isLessThan(1000);
        }
        assertThat(decided).isGreaterThan(10);
        times.staged(500);
        assertThat(times.stagingIsQuicker()).as("still slow").isFalse();
    }
}

package dev.oriel.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** When a queue looks and when it sleeps, for guests whose times are made up. */
class LookGainTest {
    private static final long SECOND = 1_000_000_000;

    private final LookGain gain = new LookGain();
    private final Random random = new Random(21);
    private long now = 1;

    /** How long a guest takes from one wait of the queue to the next. */
    @FunctionalInterface
    private interface Guest {
        long nanos(boolean looked);
    }

    private long noisy(long nanos) {
        // a fifth more or less; one in a hundred meets whoever else wants the processor
        long varied = (long) (nanos * (0.8 + 0.4 * random.nextDouble()));
        return random.nextInt(100) == 0 ? varied + 4_000_000 : varied;
    }

    /** Lets it run for so many seconds of its own; answers in which part of its waits the queue looked. */
    private double run(Guest guest, long seconds) {
        long end = now + seconds * SECOND;
        long waits = 0;
        long looks = 0;
        while (now < end) {
            boolean looked = gain.looks(now, 1);
            waits++;
            looks += looked ? 1 : 0;
            now += guest.nanos(looked);
        }
        return (double) looks / waits;
    }

    @Test
    void aGuestThatWaitsForEachReplyIsLookedAfter() {
        assertThat(run(looked -> noisy(looked ? 30_000 : 62_000), 20)).isGreaterThan(0.95);
    }

    @Test
    void aGuestThatIsSlowItselfIsNot() {
        run(looked -> noisy(65_000), 2);
        assertThat(run(looked -> noisy(65_000), 20)).isLessThan(0.1);
    }

    @Test
    void aGainOfATwentiethIsNotWorthAProcessorAndAThirdIs() {
        run(looked -> noisy(looked ? 60_000 : 63_000), 2);
        assertThat(run(looked -> noisy(looked ? 60_000 : 63_000), 20)).isLessThan(0.2);
        run(looked -> noisy(looked ? 60_000 : 80_000), 2);
        assertThat(run(looked -> noisy(looked ? 60_000 : 80_000), 20)).isGreaterThan(0.9);
    }

    @Test
    void whereLookingTakesTheProcessorFromTheGuestTheQueueSleeps() {
        run(looked -> noisy(looked ? 1_050_000 : 800_000), 5);
        assertThat(run(looked -> noisy(looked ? 1_050_000 : 800_000), 20)).isLessThan(0.2);
    }

    @Test
    void itFollowsAGuestThatChanges() {
        for (int i = 0; i < 5; i++) {
            run(looked -> noisy(65_000), 3);
            assertThat(run(looked -> noisy(65_000), 3)).isLessThan(0.15);
            run(looked -> noisy(looked ? 30_000 : 62_000), 3);
            assertThat(run(looked -> noisy(looked ? 30_000 : 62_000), 3)).isGreaterThan(0.9);
        }
    }

    @Test
    void timeInWhichTheGuestWantsNothingCountsForNobody() {
        int[] requests = {0};
        Guest inBursts = looked -> ++requests[0] % 100 == 0 ? 30_000_000 : noisy(looked ? 30_000 : 62_000);
        run(inBursts, 2);
        assertThat(run(inBursts, 20)).isGreaterThan(0.9);
    }
}

package dev.oriel.guests;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.guests.testing.SkipWithoutPart;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SkipWithoutPartTest {
    /** As JUnit runs a test that throws. */
    @SuppressWarnings("NullAway") // what is run, and where, does not matter
    private static void run(RuntimeException thrown) throws Throwable {
        new SkipWithoutPart()
                .interceptTestMethod(
                        () -> {
                            throw thrown;
                        },
                        null,
                        null);
    }

    private static RuntimeException lacks(boolean unavailable) {
        return new IllegalStateException(new MissingPartException("s390x: not there", unavailable));
    }

    @Test
    void aTestThatNeedsWhatTheArchiveDoesNotHaveIsSkipped() {
        assertThatThrownBy(() -> run(lacks(true)))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContaining("s390x: not there");
    }

    @Test
    void aTestThatNeedsWhatWasOnlyNotFetchedFails() {
        RuntimeException lacks = lacks(false);
        assertThatThrownBy(() -> run(lacks)).isSameAs(lacks);
    }

    @Test
    void anyOtherFailureIsOne() {
        RuntimeException other = new IllegalStateException("odd");
        assertThatThrownBy(() -> run(other)).isSameAs(other);
    }
}

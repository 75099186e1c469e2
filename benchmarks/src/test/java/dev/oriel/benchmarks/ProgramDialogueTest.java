package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the script of a program says, and what becomes of it. */
class ProgramDialogueTest {
    private final List<Measurement> measured = new ArrayList<>();
    private final ProgramDialogue dialogue = new ProgramDialogue(ProgramRow.TAR, null, measured::add);

    @Test
    void aProgramIsMeasuredFreshAndAgain() throws IOException {
        assertThat(dialogue.hears("BENCH BEGIN tar:fresh")).isTrue();
        assertThat(dialogue.hears("BENCH END tar:fresh 2500000000")).isTrue();
        assertThat(dialogue.hears("BENCH BEGIN tar:again")).isTrue();
        assertThat(dialogue.hears("BENCH END tar:again 1500000")).isTrue();
        assertThat(measured)
                .containsExactly(
                        Measurement.of(ProgramRow.TAR.row("fresh"), 2500),
                        Measurement.of(ProgramRow.TAR.row("again"), 1.5));
        assertThat(ProgramRow.TAR.row("fresh").moreIsBetter()).isFalse();
    }

    @Test
    void whatElseIsSaidIsNotAnswered() throws IOException {
        assertThat(dialogue.hears("a program's own words")).isFalse();
        assertThat(measured).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BENCH FAILED tar: no space left",
                "BENCH END tar:fresh",
                "BENCH END tar:fresh soon",
                "BENCH END tar 17",
                "BENCH END grep:fresh 17"
            })
    void aFailureAndNonsenseEndIt(String line) {
        assertThatThrownBy(() -> dialogue.hears(line)).isInstanceOf(IOException.class);
    }
}

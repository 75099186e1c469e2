package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestDialogueTest {
    private final List<Measurement> measured = new ArrayList<>();
    private final GuestDialogue dialogue = new GuestDialogue(null, measured::add);

    @Test
    void aRowOfDataHasTheRateThatFioSays() throws IOException {
        assertThat(dialogue.hears("BENCH BEGIN 4:randread")).isTrue();
        assertThat(dialogue.hears("BENCH END 4:randread 4096 1024 0 0")).isTrue();
        assertThat(measured).containsExactly(Measurement.of(GuestRow.RANDREAD.row(4), 1024));
    }

    @Test
    void aRowOfNamesHasOperationsOverSeconds() throws IOException {
        assertThat(dialogue.hears("BENCH BEGIN 1:open_close")).isTrue();
        assertThat(dialogue.hears("BENCH END 1:open_close 2000 0.5")).isTrue();
        assertThat(measured).containsExactly(Measurement.of(GuestRow.OPEN_CLOSE.row(1), 4000));
    }

    @Test
    void theWarmUpIsAnsweredAndNotMeasured() throws IOException {
        assertThat(dialogue.hears("BENCH BEGIN warm-up:1:open_close")).isTrue();
        assertThat(dialogue.hears("BENCH END warm-up:1:open_close 2000 0.5")).isTrue();
        assertThat(measured).isEmpty();
    }

    @Test
    void whatElseTheGuestSaysIsNotAnswered() throws IOException {
        assertThat(dialogue.hears("MOUNTED bench /mnt")).isFalse();
    }

    @Test
    void aRowThatFailedEndsIt() {
        assertThatThrownBy(() -> dialogue.hears("BENCH FAILED 1:randread: fio: no such file"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void aRowThatDidNothingIsNoFigure() {
        assertThatThrownBy(() -> dialogue.hears("BENCH END 1:randread 0 0 0 0"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not one operation");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"1:randread", "1:randread x y 0 0", "1:juggle 1 1", "one:randread 1 1 1 1", "randread 1 1 1 1"})
    void figuresThatMakeNoSenseEndIt(String figures) {
        assertThatThrownBy(() -> dialogue.hears("BENCH END " + figures))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("make no sense");
    }
}

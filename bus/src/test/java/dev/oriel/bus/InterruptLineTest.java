package dev.oriel.bus;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InterruptLineTest {
    @Test
    void aHandlerThatThrowsCostsTheOthersNothing() {
        InterruptLine line = new InterruptLine();
        int[] handled = new int[1];
        line.addHandler(() -> {
            throw new IllegalStateException("on purpose");
        });
        line.addHandler(() -> handled[0]++);
        line.raise();
        line.raise();
        assertThat(handled[0]).isEqualTo(2);
    }
}

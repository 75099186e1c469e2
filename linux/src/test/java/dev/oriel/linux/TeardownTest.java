package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TeardownTest {
    private final List<String> done = new ArrayList<>();
    private final Teardown teardown = new Teardown();

    @Test
    void aStepThatFailsKeepsNoOtherFromBeingDone() {
        InternalError first = new InternalError("a page that is gone");
        IllegalStateException second = new IllegalStateException("odd");
        teardown.step(() -> {
            throw first;
        });
        teardown.step(() -> done.add("after an error"));
        teardown.step(() -> {
            throw second;
        });
        teardown.step(() -> {
            throw first;
        });
        teardown.step(() -> done.add("after all"));
        assertThat(done).containsExactly("after an error", "after all");
        assertThat(teardown.failure()).isSameAs(first).hasSuppressedException(second);
        assertThatThrownBy(teardown::finish).isSameAs(first);
    }

    @Test
    void whatEndsWellIsSilent() {
        teardown.step(() -> done.add("done"));
        teardown.finish();
        assertThat(teardown.failure()).isNull();
        assertThat(done).containsExactly("done");
    }

    @Test
    void whoLosesPatienceSaysSoOnce() {
        Patience lost = new Patience(0);
        assertThat(lost.ends()).isTrue();
        assertThat(lost.ends()).isFalse();
        assertThat(new Patience(Long.MAX_VALUE).ends()).isFalse();
    }
}

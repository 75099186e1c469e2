package dev.oriel.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NoiseTest {
    private static final String LOOP = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    @Test
    void whatChildrenDoIsOurs() throws Exception {
        double before = ProcessTime.ofSelfAndEndedChildren();
        run("bash", "-c", LOOP);
        assertThat(ProcessTime.ofSelfAndEndedChildren() - before).isGreaterThan(0.1);
    }

    @Test
    void whatOthersDoIsTooLoud() throws Exception {
        Noise noise = new Noise(List.of());
        noise.begin();
        // cat does not wait for what it reads from, so these are nobody's children when they end
        String others = (" <(" + LOOP + ")").repeat(Runtime.getRuntime().availableProcessors());
        run("bash", "-c", "exec cat" + others);
        Noise.Heard heard = noise.end();
        assertThat(heard.foreign()).isGreaterThan(Noise.MOST_FOREIGN);
        assertThat(heard.isTooLoud()).isTrue();
    }

    @Test
    void aProcessIsKnownByItsTime() throws Exception {
        double before = ProcessTime.of(ProcessHandle.current().pid());
        long sum = 0;
        while (ProcessTime.of(ProcessHandle.current().pid()) - before < 0.05) {
            sum += System.nanoTime();
        }
        assertThat(sum).isNotZero();
        assertThat(ProcessTime.ofMachine()).isGreaterThan(before);
    }
}

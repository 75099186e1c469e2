package dev.oriel.filesystem.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class BudgetTest {
    private static Budget budget(long total, int sessions, long least) {
        return new Budget(total, sessions, least, "spent");
    }

    @Test
    void aSessionGetsItsPartWhateverOthersTake() {
        Budget budget = budget(100, 5, 0);
        Allowance greedy = budget.open();
        Allowance modest = budget.open();
        while (greedy.take(1)) {
            assertThat(greedy.taken()).isLessThanOrEqualTo(60);
        }
        assertThat(greedy.taken()).isEqualTo(60);
        assertThat(modest.take(10)).isTrue();
        assertThat(modest.take(1)).isFalse();
        greedy.give(1);
        assertThat(modest.take(1)).isTrue();
    }

    @Test
    void asManySessionsHaveAPartAsThereAreUsefulParts() {
        Budget budget = budget(64, 64, 16);
        Allowance first = budget.open();
        Allowance second = budget.open();
        Allowance third = budget.open();
        assertThat(first.guaranteed()).isEqualTo(16);
        assertThat(second.guaranteed()).isEqualTo(16);
        assertThat(third.guaranteed()).isZero();
        assertThat(third.take(32)).isTrue();
        third.close();
        first.close();
        assertThat(budget.open().guaranteed()).isEqualTo(16);
        assertThat(budget.sharedLeft()).isEqualTo(32);
    }

    @Test
    void whatManyThreadsTakeAndGiveAddsUp() throws Exception {
        Budget budget = budget(1000, 2, 0);
        Allowance one = budget.open();
        Allowance other = budget.open();
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                SplittableRandom random = new SplittableRandom(t);
                Allowance mine = t % 2 == 0 ? one : other;
                done.add(pool.submit(() -> churn(mine, random)));
            }
            for (Future<?> future : done) {
                future.get();
            }
        }
        assertThat(one.taken()).isZero();
        assertThat(other.taken()).isZero();
        assertThat(budget.sharedLeft()).isEqualTo(500);
        assertThat(one.left()).isEqualTo(750);
    }

    private static void churn(Allowance allowance, SplittableRandom random) {
        List<Integer> held = new ArrayList<>();
        for (int round = 0; round < 200_000; round++) {
            int amount = random.nextInt(1, 50);
            if (held.size() < 20 && random.nextBoolean()) {
                if (allowance.tryTake(amount)) {
                    held.add(amount);
                }
            } else if (!held.isEmpty()) {
                allowance.give(held.removeLast());
            }
        }
        held.forEach(allowance::give);
    }
}

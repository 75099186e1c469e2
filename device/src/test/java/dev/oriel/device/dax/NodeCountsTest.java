package dev.oriel.device.dax;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class NodeCountsTest {
    @Test
    void nodesThatComeAndGoAreCountedAsInAMap() {
        NodeCounts counts = new NodeCounts();
        Map<Long, Integer> model = new HashMap<>();
        Random random = new Random(3);
        for (int step = 0; step < 200_000; step++) {
            long node = random.nextLong(1, 2_000);
            // grows, shrinks, and grows again
            if (random.nextInt(4) > 0 == (step / 50_000 % 2 == 0)) {
                counts.add(node);
                model.merge(node, 1, Integer::sum);
            } else {
                counts.remove(node);
                model.computeIfPresent(node, (_, count) -> count == 1 ? null : count - 1);
            }
            assertThat(counts.contains(node)).isEqualTo(model.containsKey(node));
        }
        assertThat(counts.nodes())
                .containsExactlyInAnyOrder(
                        model.keySet().stream().mapToLong(Long::longValue).toArray());
        LongStream.rangeClosed(1, 2_000)
                .forEach(node -> assertThat(counts.contains(node)).isEqualTo(model.containsKey(node)));
        assertThat(counts.contains(0)).isFalse();
        counts.clear();
        assertThat(counts.nodes()).isEmpty();
    }
}

package dev.oriel.filesystem.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

class InodeTableTest {
    private static final long[] NO_HANDLE = new long[4];
    private static final long FILE = InodeKind.of(0, 0, 0100644);

    private static long lookup(InodeTable table, long ino, long birth) {
        long found = table.find(0, ino, birth);
        if (found != 0) {
            return found;
        }
        int slot = table.allocate();
        long nodeid = table.insert(FILE, ino, birth, NO_HANDLE, null, slot);
        if (InodeTable.slot(nodeid) != slot) {
            table.recycle(slot);
        }
        return nodeid;
    }

    private static Allowance unlimited() {
        return new Budget(Long.MAX_VALUE, 1, 0, "spent").open();
    }

    private static void forget(InodeTable table, long nodeid, long lookups) {
        if (table.forget(nodeid, lookups)) {
            table.recycle(InodeTable.slot(nodeid));
        }
    }

    @Test
    void aFileIsOneNodeUntilAllItsLookupsAreForgotten() {
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        long node = lookup(table, 10, 1);
        assertThat(lookup(table, 10, 1)).isEqualTo(node);
        assertThat(lookup(table, 10, 2)).isNotEqualTo(node);
        forget(table, node, 1);
        assertThat(table.isLive(node)).isTrue();
        forget(table, node, 1);
        assertThat(table.isLive(node)).isFalse();
        assertThat(table.size()).isEqualTo(1);
    }

    @Test
    void aNodeNumberIsNeverGivenOutTwice() {
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        long first = lookup(table, 1, 1);
        forget(table, first, 1);
        long second = lookup(table, 1, 1);
        assertThat(InodeTable.slot(second)).isEqualTo(InodeTable.slot(first));
        assertThat(second).isNotEqualTo(first);
        forget(table, first, 1);
        assertThat(table.isLive(second)).isTrue();
    }

    @Test
    void moreForgottenThanLookedUpIsAll() {
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        long node = lookup(table, 1, 1);
        forget(table, node, -1L);
        assertThat(table.isLive(node)).isFalse();
        forget(table, node, 5);
        assertThat(table.size()).isZero();
    }

    @Test
    void aMillionInodesTakeLessThanTwoHundredBytesEach() {
        int count = 1_000_000;
        long before = usedMemory();
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        for (int i = 1; i <= count; i++) {
            lookup(table, i, 7L * i);
        }
        long each = (usedMemory() - before) / count;
        assertThat(table.size()).isEqualTo(count);
        assertThat(each).isLessThan(200);
        for (int i = 1; i <= count; i += 1000) {
            assertThat(table.find(0, i, 7L * i)).isNotZero();
        }
    }

    private static long usedMemory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /**
     * Each thread looks up and forgets the same few files; what each owes is counted, and must be what the table says.
     */
    @Test
    void lookupsAndForgetsOfManyThreadsAddUpExactly() throws Exception {
        int files = 64;
        int threads = 4;
        int rounds = 200_000;
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        AtomicLongArray wrong = new AtomicLongArray(1);
        List<Future<List<Long>>> owed = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int t = 0; t < threads; t++) {
                long seed = t;
                owed.add(pool.submit(() -> race(table, files, rounds, new SplittableRandom(seed), wrong)));
            }
        }
        assertThat(wrong.get(0))
                .as("a node that is owed lookups was gone, or two were one")
                .isZero();
        for (Future<List<Long>> future : owed) {
            for (long node : future.get()) {
                assertThat(table.isLive(node)).isTrue();
            }
        }
        for (Future<List<Long>> future : owed) {
            for (long node : future.get()) {
                forget(table, node, 1);
            }
        }
        assertThat(table.size()).isZero();
    }

    private static List<Long> race(
            InodeTable table, int files, int rounds, SplittableRandom random, AtomicLongArray wrong) {
        List<List<Long>> held = new ArrayList<>();
        for (int i = 0; i < files; i++) {
            held.add(new ArrayList<>());
        }
        for (int round = 0; round < rounds; round++) {
            int file = random.nextInt(files);
            List<Long> mine = held.get(file);
            if (mine.size() < 4 && random.nextBoolean()) {
                long node = lookup(table, file + 1, 99);
                // While this thread is owed a lookup of the file, it cannot have become another node.
                if (!table.isLive(node)
                        || table.id(InodeTable.slot(node)) != file + 1
                        || (!mine.isEmpty() && mine.getLast() != node)) {
                    wrong.incrementAndGet(0);
                }
                mine.add(node);
            } else if (!mine.isEmpty()) {
                int lookups = random.nextInt(mine.size()) + 1;
                long node = mine.getLast();
                for (int i = 0; i < lookups; i++) {
                    mine.removeLast();
                }
                forget(table, node, lookups);
            }
        }
        List<Long> rest = new ArrayList<>();
        held.forEach(rest::addAll);
        return rest;
    }

    @Test
    void readersFindWhatIsThereWhileTheTableGrows() throws Exception {
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        int known = 500;
        long[] nodes = new long[known];
        for (int i = 0; i < known; i++) {
            nodes[i] = lookup(table, i + 1, 5);
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
            Future<?> writer = pool.submit(() -> {
                for (int i = 0; i < 300_000; i++) {
                    lookup(table, 1_000_000L + i, 5);
                }
            });
            Future<Boolean> reader = pool.submit(() -> {
                boolean right = true;
                while (!writer.isDone()) {
                    for (int i = 0; i < known; i++) {
                        right &= lookup(table, i + 1, 5) == nodes[i];
                    }
                }
                return right;
            });
            writer.get();
            assertThat(reader.get()).isTrue();
        }
        assertThat(table.size()).isEqualTo(300_000 + known);
    }

    @Test
    void anInodeThatWasDetachedLivesOnBesideTheNextOfItsNumber() {
        InodeTable table = new InodeTable(unlimited(), 1, 4);
        long first = lookup(table, 7, 0);
        table.detach(first);
        table.detach(first);
        assertThat(table.isLive(first)).isTrue();
        assertThat(table.find(0, 7, 0)).isZero();
        assertThat(table.peek(0, 7, 0)).isZero();
        long second = lookup(table, 7, 0);
        assertThat(second).isNotEqualTo(first);
        for (int ino = 100; ino < 5000; ino++) {
            lookup(table, ino, 0); // more buckets
        }
        assertThat(table.find(0, 7, 0)).isEqualTo(second);
        assertThat(table.forget(first, 1)).isTrue();
        assertThat(table.isLive(first)).isFalse();
        assertThat(table.find(0, 7, 0)).isEqualTo(second);
        assertThat(table.forget(second, 3)).isTrue();
        assertThat(table.find(0, 7, 0)).isZero();
    }
}

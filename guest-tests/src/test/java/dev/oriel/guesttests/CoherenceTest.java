package dev.oriel.guesttests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.oriel.guesttests.RandomWriter.Access;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Two guests and the host see of one tree what docs/dax.md promises: each cell of its table ({@link CoherenceCells}),
 * and all of them while all three change the tree at random ({@link RandomWriter}).
 *
 * <p>Beside them: a whole window of ranges that are written and taken back is {@link WindowSoakTest}'s matter, what was
 * synchronised when a machine is killed {@link WindowEndsTest}'s, and names that the host changes {@link
 * IdentityTest}'s.
 *
 * <p>{@code -Doriel.writer.steps=1000000} goes on for so many steps in each way, on guests that are booted anew now and
 * then; {@code -Doriel.writer.seed=N} takes another way through them, and the same one each time.
 */
@Tag("guest")
class CoherenceTest {
    private static final long STEPS = Long.getLong("oriel.writer.steps", 400);
    private static final long SEED = Long.getLong("oriel.writer.seed", 1);

    /** What a console may say bounds how long a guest can be told what to do. */
    private static final long STEPS_OF_A_BOOT = 40_000;

    /** So many trees are written to at once, if there are steps enough: while one waits, others work. */
    private static final int TREES = 8;

    private static final int STEPS_OF_A_TREE = 100;

    /** How the share is served: the seed chooses. The first is that of seed 1. */
    private static final List<List<String>> OPTIONS = List.of(
            List.of(),
            List.of("--cache=never", "--allow-mmap"),
            List.of("--inode-file-handles=never", "--poll=off"),
            List.of("--request-queues=4", "--thread-pool-size=1"));

    private static final String SMALL_WINDOW = "--dax-window=32M";

    private static final Duration NAMES_VALID = Duration.ofMillis(1100);

    @TestFactory
    Stream<DynamicNode> withoutAWindow() {
        return Stream.of(GuestCases.container("by request", () -> all("by request", null, Access.REQUESTS)));
    }

    @TestFactory
    Stream<DynamicNode> withOtherCaches() {
        return Stream.of(GuestCases.container("other caches", () -> {
            List<DynamicNode> tests = new ArrayList<>();
            cells(tests, List.of("--writeback"), CoherenceCells::withWriteback);
            cells(tests, List.of(), tree -> CoherenceCells.ofPolicy(tree, "auto", NAMES_VALID));
            cells(tests, List.of("--cache=never"), tree -> CoherenceCells.ofPolicy(tree, "never", Duration.ZERO));
            cells(tests, List.of("--cache=always"), tree -> CoherenceCells.ofPolicy(tree, "always", null));
            return tests.stream();
        }));
    }

    private static void cells(
            List<DynamicNode> tests, List<String> options, Function<TwoGuests, Map<String, CoherenceCells.Cell>> cells)
            throws Exception {
        try (TwoGuests tree = TwoGuests.start(null, options)) {
            test(tests, String.join(" ", options), cells.apply(tree));
            tree.end();
        }
    }

    @TestFactory
    Stream<DynamicNode> throughADirectWindow() {
        return through(Window.DIRECT, Access.PAGES);
    }

    @TestFactory
    Stream<DynamicNode> throughAStagedWindow() {
        return through(Window.STAGED, Access.COPIES);
    }

    @TestFactory
    Stream<DynamicNode> throughAWindowOverVfioUser() {
        return through(Window.VFIO_USER, Access.COPIES);
    }

    private static Stream<DynamicNode> through(Window window, Access access) {
        String name = window.toString();
        return Stream.of(GuestCases.container(name, () -> all(name, window, access)));
    }

    private static Stream<DynamicNode> all(String name, @Nullable Window window, Access access) throws Exception {
        List<DynamicNode> tests = new ArrayList<>();
        long seed = SEED;
        for (long done = 0; done < STEPS; done += STEPS_OF_A_BOOT, seed++) {
            List<String> options = new ArrayList<>(OPTIONS.get(Math.floorMod(seed - 1, OPTIONS.size())));
            options.add("--killpriv-v2");
            if (window != null) {
                options.add(SMALL_WINDOW);
            }
            try (TwoGuests tree = TwoGuests.start(window, options)) {
                if (done == 0) {
                    test(tests, name, CoherenceCells.of(tree, access));
                }
                long way = seed;
                long steps = Math.min(STEPS - done, STEPS_OF_A_BOOT);
                test(tests, name, Map.of("%d steps at random, -Doriel.writer.seed=%d".formatted(steps, seed), () -> {
                    write(tree, access, way, steps);
                }));
                if (done == 0) {
                    test(tests, name, CoherenceCells.ends(tree, access));
                }
                tree.end();
            }
        }
        return tests.stream();
    }

    /** Has so many steps done, in several trees at once. */
    private static void write(TwoGuests guests, Access access, long seed, long steps) throws Exception {
        long trees = Math.clamp(steps / STEPS_OF_A_TREE, 1, TREES);
        List<Callable<Boolean>> writers = new ArrayList<>();
        for (int tree = 0; tree < trees; tree++) {
            Files.createDirectory(guests.work().resolve("tree" + tree));
            var writer = new RandomWriter(seed * TREES + tree, tree, access, guests.parties(), NAMES_VALID);
            writers.add(() -> {
                writer.run(steps / trees);
                return true;
            });
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Throwable> failures = threads.invokeAll(writers).stream()
                    .filter(writer -> writer.state() == Future.State.FAILED)
                    .map(Future::exceptionNow)
                    .toList();
            if (!failures.isEmpty()) {
                AssertionError first = new AssertionError(failures.getFirst().getMessage(), failures.getFirst());
                failures.stream().skip(1).forEach(first::addSuppressed);
                throw first;
            }
        }
    }

    /** Cells are tested now, while the guests live, and judged when their turn has come. */
    private static void test(List<DynamicNode> tests, String name, Map<String, CoherenceCells.Cell> cells) {
        cells.forEach((cell, body) -> {
            Throwable thrown = null;
            try {
                body.test();
            } catch (Exception | AssertionError e) {
                thrown = e;
            }
            Throwable outcome = thrown;
            tests.add(dynamicTest(name + ": " + cell, () -> {
                if (outcome != null) {
                    throw outcome;
                }
            }));
        });
    }
}

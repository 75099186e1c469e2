package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.function.Consumer;

/**
 * One subject measured once, from a fresh start to its end. It starts what it needs, warms it up, gives a measurement
 * for each of its rows, and leaves nothing behind: a process that outlives it counts as noise.
 */
@FunctionalInterface
public interface Trial {
    /** Runs it; the rows may come in any order, each once. */
    void run(Consumer<Measurement> measurements) throws IOException, InterruptedException;
}

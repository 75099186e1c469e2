package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.List;

/**
 * Tells how much else the machine did while a trial ran: the time that its processors were busy, or taken by the
 * hypervisor, less what this process and its children used. And how fast it was: a fixed computation before each trial
 * takes the same time on a machine that nobody else slows down. For one thread.
 */
final class Noise {
    /** More of the processors' time than this in other hands is too loud. */
    static final double MOST_FOREIGN = 0.10;

    /** A computation that takes so many times as long as it did at best is too loud. */
    static final double MOST_SLOWDOWN = 1.25;

    private static final int CALIBRATION_ROUNDS = 5;
    private static final int CALIBRATION_STEPS = 10_000_000;

    private final List<Long> servers;
    private final int processors = Runtime.getRuntime().availableProcessors();
    private double best = Double.MAX_VALUE;
    private double calibration;
    private long began;
    private double machine;
    private double own;
    private long sink;

    /** @param servers processes of ours that live longer than a trial */
    Noise(List<Long> servers) {
        this.servers = List.copyOf(servers);
    }

    /**
     * What was heard during one trial.
     *
     * @param foreign the part of the processors' time that others had, 0 to 1
     * @param slowdown the time of the fixed computation over the best that it took in this run
     */
    record Heard(double foreign, double slowdown) {
        boolean isTooLoud() {
            return foreign > MOST_FOREIGN || slowdown > MOST_SLOWDOWN;
        }

        /** For people. */
        String text() {
            return "others had %.0f %% of the processors (limit %.0f), a fixed computation took %.0f %% longer (limit %.0f)"
                    .formatted(foreign * 100, MOST_FOREIGN * 100, (slowdown - 1) * 100, (MOST_SLOWDOWN - 1) * 100);
        }
    }

    /** Begins to listen. */
    void begin() throws IOException {
        double[] nanos = new double[CALIBRATION_ROUNDS];
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            compute();
            nanos[i] = System.nanoTime() - start;
        }
        calibration = Spread.of(nanos).median();
        best = Math.min(best, calibration);
        began = System.nanoTime();
        machine = ProcessTime.ofMachine();
        own = ofOurs();
    }

    /** What was heard since {@link #begin}; all other children that were started since must have ended. */
    Heard end() throws IOException {
        double ours = ofOurs() - own;
        double all = ProcessTime.ofMachine() - machine;
        double seconds = (System.nanoTime() - began) / 1e9;
        return new Heard(Math.max(0, all - ours) / (seconds * processors), calibration / best);
    }

    private double ofOurs() throws IOException {
        double seconds = ProcessTime.ofSelfAndEndedChildren();
        for (long server : servers) {
            seconds += ProcessTime.of(server);
        }
        return seconds;
    }

    private void compute() {
        long x = 88_172_645_463_325_252L + sink;
        for (int i = 0; i < CALIBRATION_STEPS; i++) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
        }
        sink = x;
    }
}

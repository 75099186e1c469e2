package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.OptionalDouble;

/**
 * What a server costs while something is done through it: its processor time since {@link #begin}, and its memory at the end.
 */
public final class Work {
    private final Daemon daemon;
    private final double processorSeconds;

    private Work(Daemon daemon, double processorSeconds) {
        this.daemon = daemon;
        this.processorSeconds = processorSeconds;
    }

    /** Begins to count. */
    public static Work begin(Daemon daemon) throws IOException {
        return new Work(daemon, ProcessTime.of(daemon.pid()));
    }

    /**
     * Ends the count.
     *
     * @param value in the row's unit
     * @param operations what the server's processor time is divided by
     */
    public Measurement end(Row row, double value, long operations) throws IOException {
        double seconds = ProcessTime.of(daemon.pid()) - processorSeconds;
        return new Measurement(
                row,
                value,
                OptionalDouble.of(seconds * 1e6 / operations),
                OptionalDouble.of(ProcessMemory.of(daemon.pid()).ownMebibytes()));
    }
}

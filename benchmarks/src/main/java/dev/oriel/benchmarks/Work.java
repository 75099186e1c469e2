package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.OptionalDouble;

/**
 * What it costs to do something through a server: its processor time since {@link #begin}, that of its client, and its
 * memory at the end.
 */
public final class Work {
    private final Daemon daemon;
    private final double processorSeconds;
    private final double machineSeconds;

    private Work(Daemon daemon, double processorSeconds, double machineSeconds) {
        this.daemon = daemon;
        this.processorSeconds = processorSeconds;
        this.machineSeconds = machineSeconds;
    }

    /** Begins to count. */
    public static Work begin(Daemon daemon) throws IOException {
        return new Work(daemon, ProcessTime.of(daemon.pid()), ProcessTime.ofMachine());
    }

    /**
     * Ends the count.
     *
     * @param value in the row's unit
     * @param operations what the processor time is divided by
     */
    public Measurement end(Row row, double value, long operations) throws IOException {
        double seconds = ProcessTime.of(daemon.pid()) - processorSeconds;
        double others = Math.max(0, ProcessTime.ofMachine() - machineSeconds - seconds);
        return new Measurement(
                row,
                value,
                OptionalDouble.of(seconds * 1e6 / operations),
                OptionalDouble.of(others * 1e6 / operations),
                OptionalDouble.of(ProcessMemory.of(daemon.pid()).ownMebibytes()));
    }
}

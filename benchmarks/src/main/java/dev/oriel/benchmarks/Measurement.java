package dev.oriel.benchmarks;

import java.util.OptionalDouble;

/**
 * One value of one row from one trial.
 *
 * @param value in the row's unit
 * @param processorMicros microseconds of processor time that the server took for one operation; empty: not known
 * @param clientMicros the same of all else on the machine, which on a quiet one is the guest or the driver; empty: not
 *     known
 * @param residentMebibytes the server's own memory just after; empty: not known
 */
public record Measurement(
        Row row,
        double value,
        OptionalDouble processorMicros,
        OptionalDouble clientMicros,
        OptionalDouble residentMebibytes) {
    /** A value alone, as of a subject that is no server. */
    public static Measurement of(Row row, double value) {
        return new Measurement(row, value, OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());
    }

    /** The same, where the client did more in that time than the operations. */
    Measurement withoutClient() {
        return new Measurement(row, value, processorMicros, OptionalDouble.empty(), residentMebibytes);
    }
}

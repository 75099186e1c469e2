package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows a {@link GuestScript}: it says where a row begins and ends, and waits until the server's processor time was
 * read.
 *
 * <pre>
 *   BENCH BEGIN [warm-up:]JOBS:ROW                       answered with a line
 *   BENCH END [warm-up:]JOBS:ROW OPERATIONS SECONDS      a row of names; answered with a line
 *   BENCH END [warm-up:]JOBS:ROW KIB RATE KIB RATE       a row of data: reads, then writes
 *   BENCH FAILED ...
 * </pre>
 */
final class GuestDialogue {
    private static final String BEGIN = "BENCH BEGIN ";
    private static final String END = "BENCH END ";
    private static final String FAILED = "BENCH FAILED ";

    private final @Nullable Daemon daemon;
    private final Consumer<Measurement> measurements;
    private @Nullable Work work;

    /** @param daemon the server that the script works through; null: none, the host's own file system */
    GuestDialogue(@Nullable Daemon daemon, Consumer<Measurement> measurements) {
        this.daemon = daemon;
        this.measurements = measurements;
    }

    /**
     * Takes a line of the script's output.
     *
     * @return whether the script waits for an answer
     * @throws IOException if the line says that a row failed, or makes no sense
     */
    boolean hears(String line) throws IOException {
        if (line.startsWith(BEGIN)) {
            work = daemon == null ? null : Work.begin(daemon);
            return true;
        } else if (line.startsWith(END)) {
            end(line.substring(END.length()).strip().split(" +", -1));
            return true;
        } else if (line.startsWith(FAILED)) {
            throw new IOException(line.substring(FAILED.length()));
        }
        return false;
    }

    private void end(String[] words) throws IOException {
        if (words[0].startsWith(GuestScript.WARM_UP)) {
            return;
        }
        try {
            String[] name = words[0].split(":", -1);
            GuestRow kind = GuestRow.valueOf(name[1].toUpperCase(Locale.ROOT));
            Row row = kind.row(Integer.parseInt(name[0]));
            double[] numbers = new double[words.length - 1];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Double.parseDouble(words[1 + i]);
            }
            if (kind.isOfData()) {
                // What starting fio takes is more than many of its rows.
                measurements.accept(
                        measured(row, numbers[1] + numbers[3], kind.operations((long) (numbers[0] + numbers[2])))
                                .withoutClient());
            } else {
                measurements.accept(measured(row, numbers[0] / numbers[1], (long) numbers[0]));
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException nonsense) {
            throw new IOException("the guest's figures make no sense: " + String.join(" ", words), nonsense);
        }
    }

    private Measurement measured(Row row, double rate, long operations) throws IOException {
        if (operations == 0) {
            throw new IOException(row.name() + ": not one operation in its time; this machine is too busy");
        }
        Work done = work;
        return done == null ? Measurement.of(row, rate) : done.end(row, rate, operations);
    }
}

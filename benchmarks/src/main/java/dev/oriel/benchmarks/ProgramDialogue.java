package dev.oriel.benchmarks;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows a script of {@link ProgramsBenchmark}: it says where a program begins and ends, and waits until the server's
 * processor time was read.
 *
 * <pre>
 *   BENCH BEGIN PROGRAM:WHEN                answered with a line
 *   BENCH END PROGRAM:WHEN NANOSECONDS      answered with a line
 *   BENCH FAILED ...
 * </pre>
 */
final class ProgramDialogue {
    private static final String BEGIN = "BENCH BEGIN ";
    private static final String END = "BENCH END ";
    private static final String FAILED = "BENCH FAILED ";

    private final ProgramRow program;
    private final @Nullable Daemon daemon;
    private final Consumer<Measurement> measurements;
    private @Nullable Work work;

    /** @param daemon the server that the program works through; null: none, the host's own file system */
    ProgramDialogue(ProgramRow program, @Nullable Daemon daemon, Consumer<Measurement> measurements) {
        this.program = program;
        this.daemon = daemon;
        this.measurements = measurements;
    }

    /**
     * Takes a line of the script's output.
     *
     * @return whether the script waits for an answer
     * @throws IOException if the line says that the program failed, or makes no sense
     */
    boolean hears(String line) throws IOException {
        if (line.startsWith(BEGIN)) {
            work = daemon == null ? null : Work.begin(daemon);
            return true;
        } else if (line.startsWith(END)) {
            end(line.substring(END.length()).strip());
            return true;
        } else if (line.startsWith(FAILED)) {
            throw new IOException(line.substring(FAILED.length()));
        }
        return false;
    }

    private void end(String said) throws IOException {
        String[] words = said.split(" +", -1);
        String[] name = words[0].split(":", -1);
        if (words.length != 2 || name.length != 2 || !name[0].equals(program.id())) {
            throw new IOException("the guest's figures make no sense: " + said);
        }
        double millis;
        try {
            millis = Long.parseLong(words[1]) / 1e6;
        } catch (NumberFormatException nonsense) {
            throw new IOException("the guest's figures make no sense: " + said, nonsense);
        }
        Row row = program.row(name[1]);
        Work done = work;
        measurements.accept(done == null ? Measurement.of(row, millis) : done.end(row, millis, 1));
    }
}

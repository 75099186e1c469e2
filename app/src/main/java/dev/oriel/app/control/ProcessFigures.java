package dev.oriel.app.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the server's process takes of the host (proc_pid_stat(5), proc_pid_status(5)).
 *
 * @param processorSeconds of all threads, since the process began
 * @param residentBytes all that is resident, with what of the guests' memory it has touched
 * @param ownBytes of it what is shared with nobody
 * @param heapBytes of Java's heap that are used
 */
record ProcessFigures(double processorSeconds, long residentBytes, long ownBytes, long heapBytes) {
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path STATUS = Path.of("/proc/self/status");

    /** {@code sysconf(_SC_CLK_TCK)}, which Linux has for all programs. */
    private static final double TICKS = 100;

    // Fields behind the name of the program, which may hold anything but is in parentheses.
    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    /** Reads them; what cannot be read is 0. */
    static ProcessFigures now() {
        Runtime runtime = Runtime.getRuntime();
        long heap = runtime.totalMemory() - runtime.freeMemory();
        try {
            String stat = Files.readString(STAT);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
            long ticks = Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[SYSTEM_TICKS]);
            String status = Files.readString(STATUS);
            return new ProcessFigures(ticks / TICKS, bytes(status, "VmRSS:"), bytes(status, "RssAnon:"), heap);
        } catch (IOException | RuntimeException unreadable) {
            return new ProcessFigures(0, 0, 0, heap);
        }
    }

    /** The value of a line such as {@code VmRSS:     1234 kB}. */
    private static long bytes(String status, String field) {
        return status.lines()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .findFirst()
                .orElse(0);
    }
}

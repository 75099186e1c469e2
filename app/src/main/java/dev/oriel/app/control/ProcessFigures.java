package dev.oriel.app.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the server's process takes of the host (proc_pid_stat(5)).
 *
 * @param processorSeconds of all threads, since the process began
 * @param residentBytes without the guests' memory, as far as it is shared: also what of their memory it has touched
 * @param heapBytes of Java's heap that are used
 */
record ProcessFigures(double processorSeconds, long residentBytes, long heapBytes) {
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path STATM = Path.of("/proc/self/statm");

    /** {@code sysconf(_SC_CLK_TCK)}, which Linux has for all programs. */
    private static final double TICKS = 100;

    private static final int PAGE = 4096;

    // Fields behind the name of the program, which may hold anything but is in parentheses.
    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    // Fields of statm.
    private static final int RESIDENT = 1;
    private static final int SHARED = 2;

    /** Reads them; what cannot be read is 0. */
    static ProcessFigures now() {
        Runtime runtime = Runtime.getRuntime();
        long heap = runtime.totalMemory() - runtime.freeMemory();
        try {
            String stat = Files.readString(STAT);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
            long ticks = Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[SYSTEM_TICKS]);
            String[] pages = Files.readString(STATM).strip().split(" ", -1);
            long resident = Long.parseLong(pages[RESIDENT]) - Long.parseLong(pages[SHARED]);
            return new ProcessFigures(ticks / TICKS, resident * PAGE, heap);
        } catch (IOException | RuntimeException unreadable) {
            return new ProcessFigures(0, 0, heap);
        }
    }
}

package dev.oriel.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The processor time of processes and of the machine, from {@code /proc} (proc(5)), in seconds; it counts in ticks of
 * 10 ms.
 */
public final class ProcessTime {
    /** USER_HZ, which is 100 on every machine that Oriel runs on. */
    private static final double TICKS_A_SECOND = 100;

    /** Where utime, stime, cutime and cstime stand behind the name in {@code /proc/PID/stat}. */
    private static final int UTIME = 11;

    private static final int CUTIME = 13;

    private ProcessTime() {}

    /**
     * What a process has used, in user mode and in the kernel.
     *
     * @throws IOException if there is no such process
     */
    public static double of(long pid) throws IOException {
        return ticks(Path.of("/proc", Long.toString(pid), "stat"), UTIME) / TICKS_A_SECOND;
    }

    /** What this process has used, and all children that it has waited for, with theirs. */
    static double ofSelfAndEndedChildren() throws IOException {
        Path stat = Path.of("/proc/self/stat");
        return (ticks(stat, UTIME) + ticks(stat, CUTIME)) / TICKS_A_SECOND;
    }

    /**
     * What the whole machine has been busy with: all but idle and waiting for disks; guests' time is in user time
     * already.
     */
    static double ofMachine() throws IOException {
        String[] words = Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +", -1);
        double busy = 0;
        for (int i : new int[] {1, 2, 3, 6, 7, 8}) { // user, nice, system, irq, softirq, steal
            busy += Long.parseLong(words[i]);
        }
        return busy / TICKS_A_SECOND;
    }

    private static double ticks(Path stat, int first) throws IOException {
        String text = Files.readString(stat);
        // The name of the program may contain spaces and parentheses.
        List<String> words = List.of(text.substring(text.lastIndexOf(')') + 2).split(" ", -1));
        return Long.parseLong(words.get(first)) + Long.parseLong(words.get(first + 1));
    }
}

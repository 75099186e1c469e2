package dev.oriel.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The resident memory of a process, from {@code /proc/PID/status} (proc(5)).
 *
 * @param residentKibibytes now (VmRSS)
 * @param peakKibibytes the most there ever was (VmHWM)
 */
record ProcessMemory(long residentKibibytes, long peakKibibytes) {

    /** @throws IOException if there is no such process, or it has ended */
    static ProcessMemory of(long pid) throws IOException {
        long resident = -1;
        long peak = -1;
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith("VmRSS:")) {
                resident = kibibytes(line);
            } else if (line.startsWith("VmHWM:")) {
                peak = kibibytes(line);
            }
        }
        if (resident < 0 || peak < 0) {
            throw new IOException("process " + pid + " has no memory any more");
        }
        return new ProcessMemory(resident, peak);
    }

    /** {@code "VmRSS:     1234 kB"}. */
    private static long kibibytes(String line) {
        String[] words = line.split("\\s+", -1);
        return Long.parseLong(words[1]);
    }

    double residentMebibytes() {
        return residentKibibytes / 1024.0;
    }

    double peakMebibytes() {
        return peakKibibytes / 1024.0;
    }
}

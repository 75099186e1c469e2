package dev.oriel.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The resident memory of a process, from {@code /proc/PID/status} (proc(5)). The memory of a guest is shared with the
 * server, and counts as resident in it (RssShmem) as soon as the server has read a file into it: that is not what the
 * server costs.
 *
 * @param ownKibibytes heap, code and files (RssAnon and RssFile)
 */
public record ProcessMemory(long ownKibibytes) {

    /**
     * What a process has now.
     *
     * @throws IOException if there is no such process, or it has ended
     */
    public static ProcessMemory of(long pid) throws IOException {
        long anonymous = -1;
        long files = -1;
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith("RssAnon:")) {
                anonymous = kibibytes(line);
            } else if (line.startsWith("RssFile:")) {
                files = kibibytes(line);
            }
        }
        if (anonymous < 0 || files < 0) {
            throw new IOException("process " + pid + " has no memory any more");
        }
        return new ProcessMemory(anonymous + files);
    }

    /** {@code "RssAnon:     1234 kB"}. */
    private static long kibibytes(String line) {
        String[] words = line.split("\\s+", -1);
        return Long.parseLong(words[1]);
    }

    /** Its own memory in MiB. */
    public double ownMebibytes() {
        return ownKibibytes / 1024.0;
    }
}

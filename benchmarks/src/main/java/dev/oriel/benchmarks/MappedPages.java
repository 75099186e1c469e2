package dev.oriel.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The memory of a process, apart by what it is mapped from ({@code /proc/PID/smaps}, proc(5)).
 *
 * @param residentKibibytes of all pages that it has mapped and touched
 * @param proportionalKibibytes the same, but a page that several processes have counts only in part: the sum over all
 *     of them counts each page once
 */
public record MappedPages(double residentKibibytes, double proportionalKibibytes) {
    /** {@code 7f0000000000-7f0000200000 rw-s 00000000 fe:00 1234    /path}. */
    private static final Pattern HEAD = Pattern.compile("[0-9a-f]+-[0-9a-f]+ .*");

    /** What a process has of one file. */
    public static MappedPages ofFile(long pid, Path file) throws IOException {
        return of(pid, file, true);
    }

    /** What a process has besides one file. */
    public static MappedPages besides(long pid, Path file) throws IOException {
        return of(pid, file, false);
    }

    private static MappedPages of(long pid, Path file, boolean wanted) throws IOException {
        // By number and name: a server in a mount namespace of its own gave it to whoever mapped it, by another path.
        String inode = " " + Files.getAttribute(file, "unix:ino") + " ";
        String name = "/" + file.getFileName();
        double resident = 0;
        double proportional = 0;
        boolean counts = false;
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps"))) {
            if (HEAD.matcher(line).matches()) {
                counts = (line.endsWith(name) && line.contains(inode)) == wanted;
            } else if (counts && line.startsWith("Rss:")) {
                resident += kibibytes(line);
            } else if (counts && line.startsWith("Pss:")) {
                proportional += kibibytes(line);
            }
        }
        return new MappedPages(resident, proportional);
    }

    private static double kibibytes(String line) {
        return Double.parseDouble(line.split("\\s+", -1)[1]);
    }
}

package dev.oriel.packagetests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A command that has ended.
 *
 * @param status its exit status
 * @param said what it wrote, to standard output and errors
 */
record Run(int status, String said) {
    /** Runs it to its end. */
    static Run of(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Run(process.waitFor(), said);
    }

    /** What it wrote, if it did well. */
    String orThrow() throws IOException {
        if (status != 0) {
            throw new IOException("status " + status + ": " + said);
        }
        return said;
    }

    /** Makes a package, and gives its file, which the launcher names on a line of its own. */
    static Path packageOf(String kind) throws IOException, InterruptedException {
        String said = of(List.of("../oriel", "package", kind)).orThrow();
        return said.lines()
                .filter(line -> line.startsWith("/"))
                .map(Path::of)
                .findFirst()
                .orElseThrow();
    }
}

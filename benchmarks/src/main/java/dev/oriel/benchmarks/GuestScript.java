package dev.oriel.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The script that does the rows, in a guest or on the host, and talks to {@link GuestDialogue}. It goes through all of
 * them three times: first, shorter, for the server to warm up, with names that begin with {@link #WARM_UP}.
 */
final class GuestScript {
    static final String WARM_UP = "warm-up:";
    static final int DATA_MEBIBYTES = 512;

    /** A guest must have a good deal more memory than that. */
    private static final int TOUCHED_MEBIBYTES = 800;

    private static final int MILLIS = 1500;
    private static final int WARM_UP_MILLIS = 1000;
    private static final int FILES = 6000;
    private static final int WARM_UP_FILES = 6000;

    /** After so many the compiler of a JVM has little left to do; what it does is processor time of the server. */
    private static final int WARM_UPS = 2;

    private final List<GuestRow> rows;
    private final List<Integer> jobs;

    GuestScript(List<GuestRow> rows, List<Integer> jobs) {
        this.rows = rows;
        this.jobs = jobs;
    }

    /** For people: what comes before the figures. */
    String warmUp() {
        return "warm-up: all rows %d times, for %,d ms or %,d names; then for %,d ms or %,d names, which the jobs share"
                .formatted(WARM_UPS, WARM_UP_MILLIS, WARM_UP_FILES, MILLIS, FILES);
    }

    /** For busybox sh in a guest with the share as its working folder and the tools of the kit. */
    String inGuest() {
        return """
                cat >/tmp/metadata.py <<'END-OF-PROGRAM'
                %sEND-OF-PROGRAM
                export BENCH_DROP_CACHES=1 PYTHONDONTWRITEBYTECODE=1
                fio() { tools fio "$@"; }
                metadata() { tools python3 /tmp/metadata.py "$@"; }
                """.formatted(text("metadata.py")) + touchMemory() + body();
    }

    /** For busybox sh in a guest of 1 GiB. */
    static String touchMemory() {
        return """
                # The guest's memory is the host's: what it takes to find a page for the first time is no server's doing.
                mkdir /tmp/touched
                mount -t tmpfs -o size=100%% none /tmp/touched
                dd if=/dev/zero of=/tmp/touched/memory bs=1M count=%d 2>/dev/null
                umount /tmp/touched
                """.formatted(TOUCHED_MEBIBYTES);
    }

    /**
     * For bash on the host, with the folder as its working folder.
     *
     * @param fio the start of fio's command line
     * @param python that of python3
     */
    String onHost(List<String> fio, List<String> python, String program) {
        return "fio() { %s \"$@\"; }\nmetadata() { %s -B %s \"$@\"; }\n"
                        .formatted(quoted(fio), quoted(python), quoted(List.of(program)))
                + body();
    }

    private String body() {
        StringBuilder script = new StringBuilder("set -e\nDATA_MEBIBYTES=" + DATA_MEBIBYTES + "\n");
        script.append(text("data.sh"));
        for (int i = 0; i < WARM_UPS; i++) {
            pass(script, WARM_UP, WARM_UP_MILLIS, WARM_UP_FILES);
        }
        pass(script, "", MILLIS, FILES);
        return script.toString();
    }

    private void pass(StringBuilder script, String prefix, int millis, int files) {
        for (int count : jobs) {
            String before = prefix + count + ":";
            String names = "";
            for (GuestRow row : rows) {
                if (row.isOfData()) {
                    script.append("data %s %s %d %d %s%n".formatted(before, row.id(), count, millis, row.options));
                } else {
                    names += " " + row.id();
                }
            }
            if (!names.isEmpty()) {
                script.append("metadata %s %d %d%s%n".formatted(before, count, files / count, names));
            }
        }
    }

    private static String quoted(List<String> words) {
        return words.stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
    }

    /** A program that is kept beside this class. */
    static String text(String name) {
        try (InputStream in = GuestScript.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + name);
            }
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

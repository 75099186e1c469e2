package dev.oriel.benchmarks;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The rows of {@link ShareBenchmark} in a user-mode Linux guest, by the programs of the kit. Its script says:
 *
 * <pre>
 *   BENCH BEGIN ROW                        answered with a line
 *   BENCH END ROW NANOSECONDS              answered with a line
 *   BENCH END ROW KIB RATE KIB RATE        a row of fio; answered with a line
 *   BENCH FAILED ...
 * </pre>
 */
final class GuestShare {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration LINE_LIMIT = Duration.ofMinutes(4);
    private static final int MEMORY_MEBIBYTES = 1024;
    private static final String TAG = "bench";
    private static final String BEGIN = "BENCH BEGIN ";
    private static final String END = "BENCH END ";
    private static final String FAILED = "BENCH FAILED ";

    private final GuestKit kit;
    private final Daemon daemon;
    private final Consumer<Measurement> rows;
    private @Nullable Work work;

    GuestShare(GuestKit kit, Daemon daemon, Consumer<Measurement> rows) {
        this.kit = kit;
        this.daemon = daemon;
        this.rows = rows;
    }

    private static String script() {
        String values = "MEBIBYTES=%d CACHED_MEBIBYTES=%d NAMES=%d CACHED=%s LISTED=%s%n"
                .formatted(
                        ShareBenchmark.MEBIBYTES,
                        ShareBenchmark.CACHED_MEBIBYTES,
                        ShareBenchmark.NAMES,
                        ShareBenchmark.CACHED,
                        ShareBenchmark.LISTED);
        return GuestScript.touchMemory() + "cat >/tmp/share.sh <<'END-OF-PROGRAM'\n" + values
                + GuestScript.text("share.sh") + "END-OF-PROGRAM\ntools sh /tmp/share.sh\n";
    }

    void run(WorkFolder folder) throws IOException, InterruptedException {
        try (PeerDaemon tools = PeerDaemon.start(
                        kit,
                        kit.tools(),
                        folder.folder("tools").resolve("socket"),
                        "tools",
                        "--readonly",
                        "--cache=always");
                GuestRun guest = Guest.of(kit, GuestKind.UML)
                        .share(Share.of(daemon.socket(), TAG))
                        .share(Share.of(tools.socket(), "tools").at("/tools"))
                        .memory(MEMORY_MEBIBYTES)
                        .limit(LIMIT)
                        .script(script())
                        .start()) {
            String line = guest.awaitLine("^(BENCH|SCRIPT-EXIT) ", LINE_LIMIT);
            while (line.startsWith("BENCH")) {
                hear(line);
                guest.type("");
                line = guest.awaitLine("^(BENCH|SCRIPT-EXIT) ", LINE_LIMIT);
            }
            guest.await().orThrow();
        }
    }

    private void hear(String line) throws IOException {
        if (line.startsWith(BEGIN)) {
            work = Work.begin(daemon);
        } else if (line.startsWith(END)) {
            end(line.substring(END.length()).strip().split(" +", -1));
        } else {
            throw new IOException(line.startsWith(FAILED) ? line.substring(FAILED.length()) : line);
        }
    }

    private void end(String[] words) throws IOException {
        Work done = work;
        if (done == null) {
            throw new IOException("the guest ends what it did not begin: " + String.join(" ", words));
        }
        try {
            ShareRow row = ShareRow.valueOf(words[0].toUpperCase(Locale.ROOT));
            if (row == ShareRow.RANDREAD) {
                // what starting fio takes is more than the reads
                long operations = Math.max(1, Long.parseLong(words[1]) / 4);
                rows.accept(done.end(row.inGuest(), Double.parseDouble(words[2]), operations)
                        .withoutClient());
            } else {
                double seconds = Long.parseLong(words[1]) / 1e9;
                rows.accept(done.end(row.inGuest(), row.operations() / seconds, row.operations()));
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException nonsense) {
            throw new IOException("the guest's figures make no sense: " + String.join(" ", words), nonsense);
        }
    }
}

package dev.oriel.benchmarks;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.KitPart;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** File operations in a Linux guest through each server, and natively on the host as the limit. */
public final class GuestBenchmark {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration LINE_LIMIT = Duration.ofMinutes(2);
    private static final int MEMORY_MEBIBYTES = 1024;
    private static final String TAG = "bench";
    private static final String NATIVE = "native";
    private static final Row MOUNTED = Row.cost("start of the machine until all is mounted", "ms");

    private final GuestKit kit;
    private final GuestKind kind;
    private final boolean pinned;
    private final List<Subject> subjects;
    private final GuestScript script;

    /**
     * @param pinned whether user-mode Linux is kept on one of the host's processors
     * @param subjects the first is compared with the others
     * @param rows what to measure
     * @param jobs how many work at once
     */
    public GuestBenchmark(
            GuestKit kit,
            GuestKind kind,
            boolean pinned,
            List<Subject> subjects,
            List<GuestRow> rows,
            List<Integer> jobs) {
        this.kit = kit;
        this.kind = kind;
        this.pinned = pinned;
        this.subjects = subjects;
        script = new GuestScript(rows, jobs);
    }

    /** The parts of the kit that a guest of a kind takes. */
    public static List<KitPart> parts(GuestKind kind) {
        List<KitPart> parts = new ArrayList<>(kind.parts());
        parts.addAll(List.of(KitPart.PEER, KitPart.TOOLS));
        return parts;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        Comparison comparison = Comparison.named("guest " + kind)
                .condition("fio and a program for names in a guest (" + kind + ", " + MEMORY_MEBIBYTES
                        + " MiB, one processor" + (pinned && !kind.isQemu() ? ", and one of the host's" : "")
                        + "), a share on tmpfs; a fresh server and guest for each round")
                .condition(script.warmUp())
                .rounds(rounds)
                .progress(progress);
        for (Subject subject : subjects) {
            comparison.subject(subject.name(), rows -> inGuest(subject, rows));
        }
        comparison.subject(NATIVE, this::onHost);
        return comparison.run();
    }

    private static Path makeShare(WorkFolder work) throws IOException {
        Path shared = work.folder("share");
        try (PrintWriter out = new PrintWriter(shared.resolve("data").toFile(), StandardCharsets.US_ASCII)) {
            String mebibyte = "0123456789abcde\n".repeat(1 << 16);
            for (int i = 0; i < GuestScript.DATA_MEBIBYTES; i++) {
                out.print(mebibyte);
            }
        }
        return shared;
    }

    private void inGuest(Subject subject, Consumer<Measurement> rows) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create();
                Daemon daemon = subject.start(makeShare(work), work.folder("state"), TAG, List.of());
                PeerDaemon tools = PeerDaemon.start(
                        kit, kit.tools(), work.path().resolve("tools"), "tools", "--readonly", "--cache=always");
                GuestRun guest = Guest.of(kit, kind)
                        .share(subject.attach(Share.of(daemon.socket(), TAG)))
                        .share(Share.of(tools.socket(), "tools").at("/tools"))
                        .memory(MEMORY_MEBIBYTES)
                        .pinned(pinned)
                        .limit(LIMIT)
                        .script(script.inGuest())
                        .start()) {
            GuestDialogue dialogue = new GuestDialogue(daemon, rows);
            String line = guest.awaitLine("^(BENCH|SCRIPT-EXIT) ", LINE_LIMIT);
            Duration untilMounted = guest.untilMounted();
            if (untilMounted != null) {
                rows.accept(Measurement.of(MOUNTED, (double) untilMounted.toMillis()));
            }
            while (line.startsWith("BENCH")) {
                if (dialogue.hears(line)) {
                    guest.type("");
                }
                line = guest.awaitLine("^(BENCH|SCRIPT-EXIT) ", LINE_LIMIT);
            }
            guest.await().orThrow();
        }
    }

    private void onHost(Consumer<Measurement> rows) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path program = Files.writeString(work.path().resolve("metadata.py"), GuestScript.text("metadata.py"));
            Path commands = Files.writeString(
                    work.path().resolve("script"),
                    script.onHost(kit.hostCommand("fio"), kit.hostCommand("python3"), program.toString()));
            ProcessBuilder builder = new ProcessBuilder("bash", commands.toString())
                    .directory(makeShare(work).toFile())
                    .redirectErrorStream(true);
            // Started through its loader, Python cannot tell by its own name where its library is.
            builder.environment().put("PYTHONHOME", kit.tools().resolve("usr").toString());
            Process process = builder.start();
            GuestDialogue dialogue = new GuestDialogue(null, rows);
            List<String> said = new ArrayList<>();
            try (BufferedReader out = process.inputReader();
                    PrintWriter in = new PrintWriter(process.outputWriter(), true)) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    said.add(line);
                    if (dialogue.hears(line)) {
                        in.println();
                    }
                }
            } finally {
                process.destroy();
            }
            if (process.waitFor() != 0) {
                throw new IOException("the programs failed on the host: " + String.join("\n", said));
            }
        }
    }
}

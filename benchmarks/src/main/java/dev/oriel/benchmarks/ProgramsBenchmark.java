package dev.oriel.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Programs that people run, in a Linux guest through each server, and on the host's own file system: each as the first
 * thing that a fresh server is asked, and again on the same one.
 */
public final class ProgramsBenchmark {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration LINE_LIMIT = Duration.ofMinutes(4);
    private static final int MEMORY_MEBIBYTES = 1024;
    private static final String TAG = "bench";
    private static final String NATIVE = "native";

    private final GuestKit kit;
    private final GuestKind kind;
    private final boolean pinned;
    private final List<Subject> subjects;
    private final List<ProgramRow> programs;

    /**
     * @param pinned whether user-mode Linux is kept on one of the host's processors
     * @param subjects the first is compared with the others
     * @param programs what to run
     */
    public ProgramsBenchmark(
            GuestKit kit, GuestKind kind, boolean pinned, List<Subject> subjects, List<ProgramRow> programs) {
        this.kit = kit;
        this.kind = kind;
        this.pinned = pinned;
        this.subjects = subjects;
        this.programs = programs;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path material = work.folder("material");
            progress.accept("making what the programs work on");
            finish(onHost(material, GuestScript.text("material.sh")).start());
            Comparison comparison = Comparison.named("guest " + kind + " programs")
                    .condition("programs in a guest (" + kind + ", " + MEMORY_MEBIBYTES + " MiB, one processor"
                            + (pinned && !kind.isQemu() ? ", and one of the host's" : "")
                            + "), a share on tmpfs; a fresh server and guest for each program")
                    .condition(
                            "fresh: the first that the server is asked; again: the second time on the same server and"
                                    + " guest; caches of the guest are dropped before all but git status; with 20,000 files both"
                                    + " servers use file handles")
                    .rounds(rounds)
                    .progress(progress);
            for (Subject subject : subjects) {
                comparison.subject(subject.name(), rows -> {
                    for (ProgramRow program : programs) {
                        inGuest(subject, program, material, rows);
                    }
                });
            }
            comparison.subject(NATIVE, rows -> {
                for (ProgramRow program : programs) {
                    onHost(program, material, rows);
                }
            });
            return comparison.run();
        }
    }

    private static Path makeShare(WorkFolder work, ProgramRow program, Path material)
            throws IOException, InterruptedException {
        Path shared = work.folder("share");
        List<String> words = new ArrayList<>(List.of("cp", "-a"));
        program.material().forEach(name -> words.add(material.resolve(name).toString()));
        words.add(shared.toString());
        finish(new ProcessBuilder(words).start());
        return shared;
    }

    private static String script(ProgramRow program) {
        return """
                set -e
                export HOME=/tmp PYTHONDONTWRITEBYTECODE=1 GIT_CONFIG_GLOBAL=/tmp/gitconfig
                printf '[safe]\\n\\tdirectory = *\\n' >/tmp/gitconfig
                """ + GuestScript.text("programs.sh") + "program " + program.id() + "\n";
    }

    /** Without file handles virtiofsd has a descriptor open for each file that the guest knows. */
    private static List<String> options(ProgramRow program) {
        boolean many = program == ProgramRow.TAR || program == ProgramRow.REMOVE;
        return many ? List.of("--inode-file-handles=prefer") : List.of();
    }

    private void inGuest(Subject subject, ProgramRow program, Path material, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        String commands = "cat >/tmp/programs.sh <<'END-OF-PROGRAMS'\n" + script(program)
                + "END-OF-PROGRAMS\nexport BENCH_DROP_CACHES=1\ntools sh /tmp/programs.sh\n";
        try (WorkFolder work = WorkFolder.create();
                Daemon daemon =
                        subject.start(makeShare(work, program, material), work.folder("state"), TAG, options(program));
                PeerDaemon tools = PeerDaemon.start(
                        kit, kit.tools(), work.path().resolve("tools"), "tools", "--readonly", "--cache=always");
                GuestRun guest = Guest.of(kit, kind)
                        .share(subject.attach(Share.of(daemon.socket(), TAG)))
                        .share(Share.of(tools.socket(), "tools").at("/tools"))
                        .memory(MEMORY_MEBIBYTES)
                        .pinned(pinned)
                        .limit(LIMIT)
                        .script(commands)
                        .start()) {
            ProgramDialogue dialogue = new ProgramDialogue(program, daemon, rows);
            String line = guest.awaitLine("^(BENCH|SCRIPT-EXIT) ", LINE_LIMIT);
            while (line.startsWith("BENCH")) {
                if (dialogue.hears(line)) {
                    guest.type("");
                }
                line = guest.awaitLine("^(BENCH|SCRIPT-EXIT) ", LINE_LIMIT);
            }
            guest.await().orThrow();
        }
    }

    /** The same programs on the host: those of the kit, with its tree as their root and the folder at /mnt. */
    private ProcessBuilder onHost(Path folder, String script) throws IOException {
        Path commands = Files.writeString(Files.createTempFile(folder.getParent(), "commands", ".sh"), script);
        String enter = """
                set -e
                tree=$1 folder=$2 commands=$3
                for place in dev proc; do mount --rbind "/$place" "$tree/$place"; done
                mount -t tmpfs none "$tree/tmp"
                mount --bind "$folder" "$tree/mnt"
                cp "$commands" "$tree/tmp/commands"
                cd "$tree/mnt"
                exec chroot "$tree" /usr/bin/env -i PATH=/usr/bin:/usr/sbin HOME=/tmp LC_ALL=C.UTF-8 \\
                    /usr/bin/sh -c 'cd /mnt && exec sh /tmp/commands'
                """;
        return new ProcessBuilder(
                        "unshare",
                        "--map-root-user",
                        "--mount",
                        "sh",
                        "-c",
                        enter,
                        "sh",
                        kit.tools().toString(),
                        folder.toString(),
                        commands.toString())
                .redirectErrorStream(true);
    }

    private void onHost(ProgramRow program, Path material, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Process process =
                    onHost(makeShare(work, program, material), script(program)).start();
            ProgramDialogue dialogue = new ProgramDialogue(program, null, rows);
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

    private static void finish(Process process) throws IOException, InterruptedException {
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("what the programs work on cannot be made on the host: " + said);
        }
    }
}

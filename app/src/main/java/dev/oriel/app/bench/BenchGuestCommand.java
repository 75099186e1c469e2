package dev.oriel.app.bench;

import dev.oriel.benchmarks.GuestBenchmark;
import dev.oriel.benchmarks.GuestRow;
import dev.oriel.benchmarks.ProgramRow;
import dev.oriel.benchmarks.ProgramsBenchmark;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oriel bench guest}. */
@Command(
        name = "guest",
        description = "File operations in a Linux guest, beside the Rust virtiofsd and the host itself.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchGuestCommand implements Callable<Integer> {
    private static final String ALL = "all";

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    /** The guests that the programs of the kit run in. */
    enum Client {
        UML(GuestKind.UML),
        X86_64(GuestKind.X86_64);

        private final GuestKind kind;

        Client(GuestKind kind) {
            this.kind = kind;
        }
    }

    @Option(
            names = "--guest",
            paramLabel = "KIND",
            defaultValue = "uml",
            description = "uml: user-mode Linux; x86_64: Linux in QEMU (default: ${DEFAULT-VALUE}).")
    private Client client = Client.UML;

    @Option(names = "--unpinned", description = "Let user-mode Linux run on all of the host's processors, not on one.")
    private boolean unpinned;

    @Option(
            names = "--programs",
            paramLabel = "NAME",
            split = ",",
            arity = "0..1",
            fallbackValue = ALL,
            description =
                    "Instead of single operations, programs that people run, each on a fresh server and again on the"
                            + " same: all, or only these of GIT_CLONE, GIT_STATUS_COLD, GIT_STATUS, TAR, REMOVE, RSYNC, GREP,"
                            + " COMPILE, SQLITE, PYTHON, FIO.")
    private List<String> programs = List.of();

    @Mixin
    private ReportOptions report = new ReportOptions();

    @Mixin
    private ComparedServers servers = new ComparedServers();

    @Option(names = "--rows", paramLabel = "NAME", split = ",", description = "Only these of ${COMPLETION-CANDIDATES}.")
    private List<GuestRow> rows = List.of(GuestRow.values());

    @Option(
            names = "--jobs",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,4",
            description = "How many jobs work at once (default: ${DEFAULT-VALUE}).")
    private List<Integer> jobs = List.of();

    @Override
    public Integer call() throws Exception {
        GuestKit kit = GuestKit.locate();
        int rounds = report.rounds();
        report.checkAtLeast("--jobs", jobs, 1);
        List<ProgramRow> chosen = chosenPrograms();
        kit.fetch(GuestBenchmark.parts(client.kind), report.progress());
        if (!chosen.isEmpty()) {
            ProgramsBenchmark benchmark =
                    new ProgramsBenchmark(kit, client.kind, !unpinned, servers.subjects(kit), chosen);
            return report.write(benchmark.run(rounds, report.progress()));
        }
        GuestBenchmark benchmark = new GuestBenchmark(kit, client.kind, !unpinned, servers.subjects(kit), rows, jobs);
        return report.write(benchmark.run(rounds, report.progress()));
    }

    private List<ProgramRow> chosenPrograms() {
        if (programs.contains(ALL)) {
            return List.of(ProgramRow.values());
        }
        List<ProgramRow> chosen = new ArrayList<>();
        for (String name : programs) {
            try {
                chosen.add(ProgramRow.valueOf(name.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException none) {
                throw new ParameterException(
                        spec.commandLine(), "--programs " + name + ": it is one of " + List.of(ProgramRow.values()));
            }
        }
        return chosen;
    }
}

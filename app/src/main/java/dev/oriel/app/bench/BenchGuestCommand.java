package dev.oriel.app.bench;

import dev.oriel.benchmarks.GuestBenchmark;
import dev.oriel.benchmarks.GuestRow;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oriel bench guest}. */
@Command(
        name = "guest",
        description = "File operations in a Linux guest, beside the Rust virtiofsd and the host itself.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchGuestCommand implements Callable<Integer> {
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
        kit.fetch(GuestBenchmark.parts(client.kind), report.progress());
        GuestBenchmark benchmark = new GuestBenchmark(kit, client.kind, servers.subjects(kit), rows, jobs);
        return report.write(benchmark.run(rounds, report.progress()));
    }
}

package dev.oriel.app.bench;

import dev.oriel.benchmarks.DriverBenchmark;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.KitPart;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oriel bench driver}. */
@Command(
        name = "driver",
        description = "Raw requests from the driver, beside the Rust virtiofsd.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchDriverCommand implements Callable<Integer> {
    @Mixin
    private ReportOptions report = new ReportOptions();

    @Mixin
    private ComparedServers servers = new ComparedServers();

    @Mixin
    private RequestOptions requests = new RequestOptions();

    @Option(
            names = "--queues",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,2,4",
            description = "Over how many queues (default: ${DEFAULT-VALUE}; the Rust virtiofsd has one).")
    private List<Integer> queues = List.of();

    @Override
    public Integer call() throws Exception {
        GuestKit kit = GuestKit.locate();
        int rounds = report.rounds();
        report.checkAtLeast("--queues", queues, 1);
        kit.fetch(List.of(KitPart.PEER), report.progress());
        DriverBenchmark benchmark =
                new DriverBenchmark(servers.subjects(kit), requests.depths(report), queues, requests.operations());
        return report.write(benchmark.run(rounds, report.progress()));
    }
}

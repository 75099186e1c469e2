package dev.oriel.app.bench;

import dev.oriel.benchmarks.DriverBenchmark;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oriel bench confinement}: what the sandbox and the filter of system calls cost a request. */
@Command(
        name = "confinement",
        description = "Raw requests from the driver to a confined server, beside one that is not.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchConfinementCommand implements Callable<Integer> {
    /** Else the two would find files again in different ways. */
    private static final String HANDLES = "--inode-file-handles=never";

    @Mixin
    private ReportOptions report = new ReportOptions();

    @Mixin
    private RequestOptions requests = new RequestOptions();

    @Override
    public Integer call() throws Exception {
        int rounds = report.rounds();
        DriverBenchmark benchmark = new DriverBenchmark(
                List.of(
                        new OrielSubject("confined", List.of(HANDLES)),
                        new OrielSubject("unconfined", List.of(HANDLES, "--sandbox=none", "--seccomp=none"))),
                requests.depths(report),
                List.of(1),
                requests.operations());
        return report.write(benchmark.run(rounds, report.progress()));
    }
}

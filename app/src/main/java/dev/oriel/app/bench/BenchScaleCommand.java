package dev.oriel.app.bench;

import dev.oriel.benchmarks.GrowthTable;
import dev.oriel.benchmarks.Report;
import dev.oriel.benchmarks.ScaleBenchmark;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oriel bench scale}. */
@Command(
        name = "scale",
        description = "What a LOOKUP, an inode and a guest cost when there are many: more inodes, queues, guests.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchScaleCommand implements Callable<Integer> {
    @Mixin
    private ReportOptions report = new ReportOptions();

    @Option(
            names = "--inodes",
            paramLabel = "N",
            split = ",",
            defaultValue = "10000,100000,1000000",
            description = "How many inodes a guest knows, rising thousands (default: ${DEFAULT-VALUE}).")
    private List<Integer> inodes = List.of();

    @Option(
            names = "--queues",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,4,16",
            description = "How many queues a guest uses, rising (default: ${DEFAULT-VALUE}).")
    private List<Integer> queues = List.of();

    @Option(
            names = "--guests",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,8,32",
            description = "How many guests there are, rising (default: ${DEFAULT-VALUE}).")
    private List<Integer> guests = List.of();

    @Override
    public Integer call() throws Exception {
        int rounds = report.rounds();
        report.refuseChart();
        report.checkAtLeast("--inodes", inodes, ScaleBenchmark.LEAST_INODES);
        report.checkAtLeast("--queues", queues, 1);
        report.checkAtLeast("--guests", guests, 1);
        ScaleBenchmark benchmark = new ScaleBenchmark(OrielSubject.DEFAULT, inodes, queues, guests);
        Report measured = benchmark.run(rounds, report.progress());
        return report.write(measured, new GrowthTable(measured, benchmark.growths()));
    }
}

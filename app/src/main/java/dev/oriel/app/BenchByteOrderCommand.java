package dev.oriel.app;

import dev.oriel.benchmarks.ByteOrderSubject;
import dev.oriel.benchmarks.DriverBenchmark;
import dev.oriel.benchmarks.DriverOperation;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oriel bench byte-order}: sessions of both byte orders, driver and device alike. */
@Command(
        name = "byte-order",
        description = "Raw requests from the driver in a big endian session, beside a little endian one.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchByteOrderCommand implements Callable<Integer> {
    @Mixin
    private ReportOptions report = new ReportOptions();

    @Option(
            names = "--operations",
            paramLabel = "NAME",
            split = ",",
            description = "Only these of ${COMPLETION-CANDIDATES}.")
    private List<DriverOperation> operations = List.of(DriverOperation.values());

    @Option(
            names = "--depths",
            paramLabel = "N",
            split = ",",
            defaultValue = "16",
            description = "How many requests are in flight at once (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths = List.of();

    @Override
    public Integer call() throws Exception {
        int rounds = report.rounds();
        report.checkAtLeast("--depths", depths, 1);
        DriverBenchmark benchmark = new DriverBenchmark(
                List.of(
                        new ByteOrderSubject(OrielSubject.DEFAULT, ByteOrder.BIG_ENDIAN),
                        new ByteOrderSubject(OrielSubject.DEFAULT, ByteOrder.LITTLE_ENDIAN)),
                depths,
                List.of(1),
                operations);
        return report.write(benchmark.run(rounds, report.progress()));
    }
}

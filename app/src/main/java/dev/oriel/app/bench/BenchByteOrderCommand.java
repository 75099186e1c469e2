package dev.oriel.app.bench;

import dev.oriel.benchmarks.ByteOrderBenchmark;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oriel bench byte-order}: sessions of both byte orders, driver and device alike. */
@Command(
        name = "byte-order",
        description = "Raw requests from the driver in a big endian session, beside a little endian one.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchByteOrderCommand implements Callable<Integer> {
    @Mixin
    private ReportOptions report = new ReportOptions();

    @Mixin
    private RequestOptions requests = new RequestOptions();

    @Override
    public Integer call() throws Exception {
        int rounds = report.rounds();
        ByteOrderBenchmark benchmark =
                new ByteOrderBenchmark(OrielSubject.DEFAULT, requests.depths(report), requests.operations());
        return report.write(benchmark.run(rounds, report.progress()));
    }
}

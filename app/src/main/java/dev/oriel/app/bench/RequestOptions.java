package dev.oriel.app.bench;

import dev.oriel.benchmarks.DriverOperation;
import java.util.List;
import picocli.CommandLine.Option;

/** Which raw requests a benchmark of the driver sends. */
final class RequestOptions {
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
            defaultValue = "1,16,64",
            description = "How many requests are in flight at once (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths = List.of();

    List<DriverOperation> operations() {
        return operations;
    }

    List<Integer> depths(ReportOptions report) {
        report.checkAtLeast("--depths", depths, 1);
        return depths;
    }
}

package dev.oriel.app.bench;

import dev.oriel.benchmarks.GuestBenchmark;
import dev.oriel.benchmarks.GuestRow;
import dev.oriel.guests.Attachment;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oriel bench vfio-user}. */
@Command(
        name = "vfio-user",
        description = "A share as a whole PCI device beside the same over vhost-user, in a Linux guest in QEMU.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchVfioUserCommand implements Callable<Integer> {
    @Mixin
    private ReportOptions report = new ReportOptions();

    @Option(names = "--dax", description = "Both with a DAX window, staged, that all files go through.")
    private boolean dax;

    @Option(names = "--rows", paramLabel = "NAME", split = ",", description = "Only these of ${COMPLETION-CANDIDATES}.")
    private List<GuestRow> rows = List.of(GuestRow.RANDREAD_DIRECT, GuestRow.RANDREAD_MMAP, GuestRow.STAT);

    @Override
    public Integer call() throws Exception {
        GuestKit kit = GuestKit.locate();
        int rounds = report.rounds();
        kit.fetch(GuestBenchmark.parts(GuestKind.X86_64), report.progress());
        // QEMU's generic device has as many queues as it is told; the other asks
        List<String> options = dax ? List.of("--request-queues=1", "--dax=staged") : List.of("--request-queues=1");
        String mountOptions = dax ? "dax=always" : "";
        Attachment besides = dax ? Attachment.VHOST_USER_TEST_DEVICE : Attachment.VHOST_USER_FS;
        GuestBenchmark benchmark = new GuestBenchmark(
                kit,
                GuestKind.X86_64,
                true,
                List.of(
                        new OrielSubject("vfio-user", options, Attachment.VFIO_USER, mountOptions),
                        new OrielSubject("vhost-user", options, besides, mountOptions)),
                rows,
                List.of(1));
        return report.write(benchmark.run(rounds, report.progress()));
    }
}

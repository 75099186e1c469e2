package dev.oriel.app.bench;

import dev.oriel.app.cluster.ClusterClient;
import dev.oriel.app.cluster.ClusterProcess;
import dev.oriel.app.serve.DeviceProtocol;
import dev.oriel.benchmarks.Daemon;
import dev.oriel.benchmarks.ShareBenchmark;
import dev.oriel.benchmarks.WorkFolder;
import dev.oriel.guests.GuestKit;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oriel bench share}. */
@Command(
        name = "share",
        description = "A share of a Hadoop cluster, which it starts, beside Hadoop's own client and a local share.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BenchShareCommand implements Callable<Integer> {
    private static final String TAG = "bench";

    @Mixin
    private ReportOptions report = new ReportOptions();

    @Override
    public Integer call() throws Exception {
        GuestKit kit = GuestKit.locate();
        int rounds = report.rounds();
        Consumer<String> progress = report.progress();
        kit.fetch(ShareBenchmark.parts(), progress);
        progress.accept("a name node and three data nodes start");
        try (WorkFolder work = WorkFolder.create();
                ClusterProcess cluster = ClusterProcess.start(work.path());
                ClusterClient client = ClusterClient.start(cluster.share(), work.path())) {
            Path folder = work.folder("share");
            try (Daemon share = OrielSubject.serve(
                            DeviceProtocol.VHOST_USER, work.folder("oriel"), TAG, List.of("--share", cluster.share()));
                    Daemon local = OrielSubject.serve(
                            DeviceProtocol.VHOST_USER,
                            work.folder("local"),
                            TAG,
                            List.of("--shared-dir", folder.toString()))) {
                ShareBenchmark benchmark = new ShareBenchmark(
                        kit, share, local, folder, client, "hadoop", List.of(cluster.pid(), client.pid()));
                return report.write(benchmark.run(rounds, progress));
            }
        }
    }
}

package dev.oriel.app.bench;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.serve.ServerProcess;
import dev.oriel.app.tour.TourTree;
import dev.oriel.benchmarks.ProcessMemory;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Starts the server as a person does, again and again: how long until front-ends can connect, and how much memory it
 * holds then, and while a guest works.
 */
final class StartupBenchmark {
    /** By then the compiler is done with what the start made hot, and has given back what it needed. */
    private static final int REST_MILLIS = 12_000;

    private static final int SAMPLE_MILLIS = 50;

    /**
     * Names, small files and bulk data: 10,000 files are made, walked and read, and 256 MiB are written and read back.
     */
    private static final String LOAD = """
            set -e
            for i in $(seq 100); do
                mkdir d$i
                for j in $(seq 100); do echo $i.$j >d$i/$j; done
            done
            find . -type f | xargs cat | wc -c
            dd if=/dev/zero of=large bs=1M count=256 2>/dev/null
            echo 3 >/proc/sys/vm/drop_caches
            cat large | wc -c
            find . | wc -l
            """;

    private StartupBenchmark() {}

    /** The figures by name, in the order to print them. */
    static Map<String, Object> measure(int runs) throws IOException, CommandFailed, InterruptedException {
        Path work = Files.createTempDirectory("oriel-bench-");
        try {
            Path shared = Files.createDirectory(work.resolve("share"));
            double[] millis = new double[runs];
            double[] unconfined = new double[runs];
            startAndStop(work, shared); // page cache and file system of the first start are not ours to measure
            for (int i = 0; i < runs; i++) {
                millis[i] = startAndStop(work, shared);
                unconfined[i] = startAndStop(work, shared, "--sandbox=none", "--seccomp=none");
            }
            Arrays.sort(millis);
            Arrays.sort(unconfined);
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("start_to_listening_ms_median", rounded(millis[runs / 2]));
            figures.put("start_to_listening_ms_slowest", rounded(millis[runs - 1]));
            figures.put("start_to_listening_unconfined_ms_median", rounded(unconfined[runs / 2]));
            measureMemory(work, shared, figures);
            return figures;
        } finally {
            TourTree.remove(work);
        }
    }

    private static ServerProcess start(Path work, Path shared, String... more) throws IOException {
        List<String> options = new ArrayList<>(List.of(
                "--shared-dir",
                shared.toString(),
                "--socket-path",
                work.resolve("socket").toString(),
                "--tag",
                "bench"));
        options.addAll(List.of(more));
        return ServerProcess.start(work.resolve("log"), options);
    }

    private static double startAndStop(Path work, Path shared, String... more)
            throws IOException, CommandFailed, InterruptedException {
        long began = System.nanoTime();
        try (ServerProcess server = start(work, shared, more)) {
            server.awaitListening();
            return (System.nanoTime() - began) / 1e6;
        }
    }

    private static void measureMemory(Path work, Path shared, Map<String, Object> figures)
            throws IOException, CommandFailed, InterruptedException {
        try (ServerProcess server = start(work, shared)) {
            server.awaitListening();
            Thread.sleep(REST_MILLIS);
            figures.put(
                    "resident_at_rest_mib",
                    rounded(ProcessMemory.of(server.pid()).ownMebibytes()));
            GuestKit kit = GuestKit.locate();
            if (!kit.missing(GuestKind.UML.parts()).isEmpty()) {
                figures.put("resident_under_load_mib", "not measured: needs guests/fetch --for uml");
                return;
            }
            try (GuestRun guest = Guest.of(kit, GuestKind.UML)
                    .share(Share.of(work.resolve("socket"), "bench"))
                    .script(LOAD)
                    .start()) {
                double most = 0;
                while (guest.isAlive()) {
                    most = Math.max(most, ProcessMemory.of(server.pid()).ownMebibytes());
                    Thread.sleep(SAMPLE_MILLIS);
                }
                guest.await().orThrow();
                figures.put("resident_under_load_mib_most", rounded(most));
            }
        }
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }
}

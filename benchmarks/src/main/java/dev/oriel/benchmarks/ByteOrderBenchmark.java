package dev.oriel.benchmarks;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Raw requests in sessions of both byte orders. One server has both at once, so that they run the very same compiled
 * code, and what one process has over another, which is more than the orders differ, is not measured. What two sessions
 * of one order differ by is.
 */
public final class ByteOrderBenchmark {
    private static final int WARM_UP_TURNS = 5;

    private final Subject server;
    private final List<Integer> depths;
    private final List<DriverOperation> operations;

    /**
     * @param server whose cost it is
     * @param depths how many requests are in flight
     * @param operations what to measure
     */
    public ByteOrderBenchmark(Subject server, List<Integer> depths, List<DriverOperation> operations) {
        this.server = server;
        this.depths = depths;
        this.operations = operations;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path shared = work.folder("share");
            DriverFiles.make(shared);
            try (Daemon daemon = server.start(shared, work.folder("state"), "bench", List.of());
                    Side big = new Side("big endian", ByteOrder.BIG_ENDIAN, daemon);
                    Side little = new Side("little endian", ByteOrder.LITTLE_ENDIAN, daemon);
                    Side again = new Side("little endian again", ByteOrder.LITTLE_ENDIAN, daemon)) {
                progress.accept("server and client warm up");
                for (int i = 0; i < WARM_UP_TURNS; i++) {
                    big.trial(measurement -> {});
                    little.trial(measurement -> {});
                    again.trial(measurement -> {});
                }
                return Comparison.named("byte order")
                        .condition("raw requests of the driver; a share of " + DriverFiles.FILES
                                + " empty files and one of 64 MiB on tmpfs; one server has all three sessions")
                        .condition("warm-up: all rows " + WARM_UP_TURNS + " times in each session")
                        .server(daemon.pid())
                        .rounds(rounds)
                        .progress(progress)
                        .subject(big.name, big::trial)
                        .subject(little.name, little::trial)
                        .subject(again.name, again::trial)
                        .run();
            }
        }
    }

    /** A session of one order. */
    private final class Side implements AutoCloseable {
        private final String name;
        private final Daemon daemon;
        private final FuseClient client;
        private final DriverLoad load;
        private final DriverFiles share;

        Side(String name, ByteOrder order, Daemon daemon) throws IOException {
            this.name = name;
            this.daemon = daemon;
            client = FuseClient.connect(
                    daemon.socket(), FuseClientOptions.DEFAULTS.withOrder(order).withQueues(1));
            load = new DriverLoad(List.of(client));
            share = new DriverFiles(client);
        }

        void trial(Consumer<Measurement> rows) throws IOException, InterruptedException {
            for (DriverOperation operation : operations) {
                for (int depth : depths) {
                    rows.accept(DriverBenchmark.row(daemon, load, share, operation, depth, 1));
                }
            }
        }

        @Override
        public void close() throws IOException {
            load.close();
            client.close();
        }
    }
}

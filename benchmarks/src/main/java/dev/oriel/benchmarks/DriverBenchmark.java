package dev.oriel.benchmarks;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Raw requests: the driver keeps a number of them in flight, spread over a number of queues, one client thread for each
 * queue. A server with fewer queues gets all of them on those that it has.
 */
public final class DriverBenchmark {
    private static final int QUEUE_SIZE = 128;
    private static final long WARM_UP_MILLIS = 300;
    private static final long FIRST_WARM_UP_MILLIS = 2000;
    private static final long MILLIS = 500;

    /** How long a server has listened when its first requests come; a guest takes a second to boot. */
    private static final List<Long> FIRST_MILLIS = List.of(0L, 1000L);

    private final List<Subject> subjects;
    private final List<Integer> depths;
    private final List<Integer> queues;
    private final List<DriverOperation> operations;

    /**
     * @param subjects the first is compared with the others
     * @param depths how many requests are in flight
     * @param queues how many queues they are spread over
     * @param operations what to measure
     */
    public DriverBenchmark(
            List<Subject> subjects, List<Integer> depths, List<Integer> queues, List<DriverOperation> operations) {
        this.subjects = subjects;
        this.depths = depths;
        this.queues = queues;
        this.operations = operations;
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path shared = work.folder("share");
            DriverFiles.make(shared);
            Comparison comparison = Comparison.named("driver")
                    .condition("raw requests of the driver; a share of " + DriverFiles.FILES
                            + " empty files and one of 64 MiB on tmpfs; a fresh server for each number of queues and for the"
                            + " first requests")
                    .condition("warm-up: " + FIRST_WARM_UP_MILLIS + " ms, and " + WARM_UP_MILLIS
                            + " ms before each row of " + MILLIS + " ms; the first requests without")
                    .rounds(rounds)
                    .progress(progress);
            progress.accept("the client warms up");
            trial(subjects.getLast(), work, shared, measurement -> {});
            for (Subject subject : subjects) {
                comparison.subject(subject.name(), rows -> trial(subject, work, shared, rows));
            }
            return comparison.run();
        }
    }

    private void trial(Subject subject, WorkFolder work, Path shared, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        for (long millis : FIRST_MILLIS) {
            rows.accept(firstRequests(subject, work, shared, millis));
        }
        for (int count : queues) {
            Path state = work.folder("state");
            FuseClientOptions options =
                    FuseClientOptions.DEFAULTS.withQueues(count).withQueueSize(QUEUE_SIZE);
            try (Daemon daemon = subject.start(shared, state, "bench", List.of());
                    FuseClient client = FuseClient.connect(daemon.socket(), options);
                    DriverLoad load = new DriverLoad(List.of(client))) {
                DriverFiles looked = new DriverFiles(client);
                for (DriverOperation operation : operations) {
                    run(load, looked, operation, depths.getLast(), FIRST_WARM_UP_MILLIS / operations.size());
                }
                for (DriverOperation operation : operations) {
                    for (int depth : depths) {
                        if (depth >= count) {
                            rows.accept(row(daemon, load, looked, operation, depth, count));
                        }
                    }
                }
            } finally {
                WorkFolder.remove(state);
            }
        }
    }

    /** What a fresh server does that has listened for a while: looks up all files. */
    private static Measurement firstRequests(Subject subject, WorkFolder work, Path shared, long millis)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        FuseClientOptions options = FuseClientOptions.DEFAULTS.withQueueSize(QUEUE_SIZE);
        try (Daemon daemon = subject.start(shared, state, "bench", List.of())) {
            Thread.sleep(millis);
            try (FuseClient client = FuseClient.connect(daemon.socket(), options)) {
                Work done = Work.begin(daemon);
                long start = System.nanoTime();
                DriverFiles looked = new DriverFiles(client);
                double seconds = (System.nanoTime() - start) / 1e9;
                String when = millis == 0 ? "at once" : "after " + millis + " ms";
                Row row = Row.rate("the first %,d LOOKUP, depth 1, %s".formatted(looked.names.length, when), "/s");
                return done.end(row, looked.names.length / seconds, looked.names.length);
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    private static DriverLoad.Done run(
            DriverLoad load, DriverFiles share, DriverOperation operation, int depth, long millis)
            throws IOException, InterruptedException {
        return load.run(any -> operation.source(share), operation.bufferBytes, depth, millis, Long.MAX_VALUE);
    }

    /** One row, after its own warm-up. */
    static Measurement row(
            Daemon daemon, DriverLoad load, DriverFiles share, DriverOperation operation, int depth, int count)
            throws IOException, InterruptedException {
        run(load, share, operation, depth, WARM_UP_MILLIS);
        Work work = Work.begin(daemon);
        DriverLoad.Done done = run(load, share, operation, depth, MILLIS);
        String name = "%s, depth %d, %s".formatted(operation.text, depth, count == 1 ? "1 queue" : count + " queues");
        return work.end(Row.rate(name, "/s"), done.perSecond(), done.operations());
    }
}

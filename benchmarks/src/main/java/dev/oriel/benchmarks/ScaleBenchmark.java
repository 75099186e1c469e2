package dev.oriel.benchmarks;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a server's costs become when there is more of everything: inodes that a guest knows, queues, guests. A cost for
 * each of them that grows with their number is a defect.
 */
public final class ScaleBenchmark {
    /** The least number of inodes that can be asked for. */
    public static final int LEAST_INODES = LookupSource.FOLDER_FILES;

    private static final int DEPTH = 16;
    private static final int FEW = 10_000;
    private static final int BUFFERS = 1 << 20;
    private static final long WARM_UP_MILLIS = 2000;
    private static final long MILLIS = 1000;
    private static final long ENDLESS_MILLIS = 600_000;
    private static final double KIBIBYTES = 1024;

    private final Subject subject;
    private final List<Integer> inodes;
    private final List<Integer> queues;
    private final List<Integer> guests;
    private final Growth firstLookups;
    private final Growth lookups;
    private final Growth inodeMemory;
    private final Growth queueLookups;
    private final Growth guestLookups;
    private final Growth guestMemory;

    /**
     * @param subject what to measure; it must take {@code --request-queues} and any number of connections
     * @param inodes how many a guest knows; each once and rising from here on, as are the others
     * @param queues how many are used
     * @param guests how many there are at once
     */
    public ScaleBenchmark(Subject subject, List<Integer> inodes, List<Integer> queues, List<Integer> guests) {
        this.subject = subject;
        this.inodes = rising(inodes);
        this.queues = rising(queues);
        this.guests = rising(guests);
        firstLookups = new Growth("first LOOKUP of each", false, "inodes", this.inodes);
        lookups = new Growth("LOOKUP of known names", false, "inodes", this.inodes);
        inodeMemory = new Growth("memory for each", true, "inodes", this.inodes);
        queueLookups = new Growth("LOOKUP", false, "queues", this.queues);
        guestLookups = new Growth("LOOKUP", false, "guests", this.guests);
        guestMemory = new Growth("memory for each", true, "guests", this.guests);
    }

    private static List<Integer> rising(List<Integer> sizes) {
        return sizes.stream().distinct().sorted().toList();
    }

    /** What is measured at which sizes. */
    public List<Growth> growths() {
        return List.of(firstLookups, lookups, inodeMemory, queueLookups, guestLookups, guestMemory);
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        try (WorkFolder work = WorkFolder.create()) {
            Path shared = work.folder("share");
            int files = Math.max(FEW, inodes.getLast());
            progress.accept("making %,d files".formatted(files));
            LookupSource.makeTree(shared, files);
            return Comparison.named("scale")
                    .subject(subject.name(), rows -> trial(work, shared, rows))
                    .condition("LOOKUP by the driver, " + DEPTH
                            + " in flight for each queue, on tmpfs; a fresh server for each number, " + WARM_UP_MILLIS
                            + " ms of warm-up")
                    .rounds(rounds)
                    .progress(progress)
                    .run();
        }
    }

    private void trial(WorkFolder work, Path shared, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        for (int count : inodes) {
            measureInodes(work, shared, count, rows);
        }
        for (int count : queues) {
            measure(work, shared, queueLookups, count, count, 1, rows);
        }
        for (int count : guests) {
            measure(work, shared, guestLookups, count, 1, count, rows);
        }
    }

    private void measureInodes(WorkFolder work, Path shared, int count, Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        try (Daemon daemon = subject.start(shared, state, "scale", List.of())) {
            warmUp(daemon);
            double before = ProcessMemory.of(daemon.pid()).ownMebibytes();
            try (FuseClient client = FuseClient.connect(daemon.socket(), options(1));
                    DriverLoad load = new DriverLoad(List.of(client))) {
                LookupSource source = new LookupSource(client, count);
                Work first = Work.begin(daemon);
                DriverLoad.Done done = load.run(any -> source, 0, DEPTH, ENDLESS_MILLIS, count);
                rows.accept(first.end(firstLookups.row(count), done.perSecond(), done.operations()));
                double more = ProcessMemory.of(daemon.pid()).ownMebibytes() - before;
                rows.accept(Measurement.of(inodeMemory.row(count), more * KIBIBYTES / count));
                Work known = Work.begin(daemon);
                done = load.run(any -> source.byChance(), 0, DEPTH, MILLIS, Long.MAX_VALUE);
                rows.accept(known.end(lookups.row(count), done.perSecond(), done.operations()));
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    private void measure(
            WorkFolder work,
            Path shared,
            Growth growth,
            int size,
            int queuesOfEach,
            int clients,
            Consumer<Measurement> rows)
            throws IOException, InterruptedException {
        Path state = work.folder("state");
        List<FuseClient> connected = new ArrayList<>();
        try (Daemon daemon =
                subject.start(shared, state, "scale", List.of("--request-queues=" + Math.max(1, queuesOfEach)))) {
            try {
                warmUp(daemon);
                double before = ProcessMemory.of(daemon.pid()).ownMebibytes();
                for (int i = 0; i < clients; i++) {
                    connected.add(FuseClient.connect(daemon.socket(), options(queuesOfEach)));
                }
                try (DriverLoad load = new DriverLoad(connected)) {
                    DriverLoad.Sources sources = client -> new LookupSource(client, FEW).byChance();
                    load.run(sources, 0, DEPTH * load.lanes(), MILLIS, Long.MAX_VALUE);
                    Work lookup = Work.begin(daemon);
                    DriverLoad.Done done = load.run(sources, 0, DEPTH * load.lanes(), MILLIS, Long.MAX_VALUE);
                    rows.accept(lookup.end(growth.row(size), done.perSecond(), done.operations()));
                }
                if (growth.equals(guestLookups)) {
                    double more = ProcessMemory.of(daemon.pid()).ownMebibytes() - before;
                    rows.accept(Measurement.of(guestMemory.row(size), more * KIBIBYTES / size));
                }
            } finally {
                connected.forEach(FuseClient::close);
            }
        } finally {
            WorkFolder.remove(state);
        }
    }

    /** By a client that goes before the measurement, with all that it knows. */
    private static void warmUp(Daemon daemon) throws IOException, InterruptedException {
        try (FuseClient client = FuseClient.connect(daemon.socket(), options(1));
                DriverLoad load = new DriverLoad(List.of(client))) {
            LookupSource source = new LookupSource(client, FEW).byChance();
            load.run(any -> source, 0, DEPTH, WARM_UP_MILLIS, Long.MAX_VALUE);
        }
    }

    private static FuseClientOptions options(int queueCount) {
        return FuseClientOptions.DEFAULTS.withQueues(queueCount).withBufferMemory(BUFFERS);
    }
}

package dev.oriel.benchmarks;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.KitPart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * A share whose files are on other machines, through the driver and in a guest, beside the client that those files have
 * on the host, and beside a folder of the host that is shared.
 */
public final class ShareBenchmark {
    /** What is written and read in order. */
    static final int MEBIBYTES = 256;

    /** What is read here and there; it fits into what a server stages. */
    static final int CACHED_MEBIBYTES = 64;

    static final int NAMES = 100_000;
    static final String CACHED = "cached";
    static final String LISTED = "listed";

    private static final String WRITTEN = "by-client";

    private final GuestKit kit;
    private final Daemon share;
    private final Daemon local;
    private final Path localFolder;
    private final HostClient client;
    private final String clientName;
    private final List<Long> processes;

    /**
     * @param share serves the folder that {@code client} works in
     * @param local serves {@code localFolder}
     * @param client works in the same folder, on the host
     * @param clientName what it is called in tables
     * @param processes those of the file system and of its client, whose work is no noise
     */
    public ShareBenchmark(
            GuestKit kit,
            Daemon share,
            Daemon local,
            Path localFolder,
            HostClient client,
            String clientName,
            List<Long> processes) {
        this.kit = kit;
        this.share = share;
        this.local = local;
        this.localFolder = localFolder;
        this.client = client;
        this.clientName = clientName;
        this.processes = List.copyOf(processes);
    }

    /** The parts of the kit that it takes. */
    public static List<KitPart> parts() {
        return GuestBenchmark.parts(GuestKind.UML);
    }

    /** Runs it. */
    public Report run(int rounds, Consumer<String> progress) throws IOException, InterruptedException {
        progress.accept("making %,d names twice".formatted(NAMES));
        client.makeNames(LISTED, NAMES);
        Path names = Files.createDirectory(localFolder.resolve(LISTED));
        for (int i = 0; i < NAMES; i++) {
            Files.createDirectory(names.resolve("name-" + i));
        }
        double _ = client.write(CACHED, CACHED_MEBIBYTES);
        RandomFile.make(localFolder.resolve(CACHED), CACHED_MEBIBYTES);
        progress.accept("all warm up");
        inShare(share, measurement -> {});
        byClient(measurement -> {});
        inShare(local, measurement -> {});
        Comparison comparison = Comparison.named("share")
                .subject("oriel", rows -> inShare(share, rows))
                .subject(clientName, this::byClient)
                .subject("local", rows -> inShare(local, rows))
                .condition("the driver, and user-mode Linux with one processor, in a share of " + clientName + "; "
                        + clientName
                        + "'s own client on the host, whose one value stands in the rows of both; and the same"
                        + " in a share of a folder on tmpfs")
                .condition("the same servers and client in all rounds, which have done all of it once before; a fresh"
                        + " guest in each")
                .rounds(rounds)
                .progress(progress)
                .server(share.pid())
                .server(local.pid());
        processes.forEach(comparison::server);
        return comparison.run();
    }

    private void inShare(Daemon daemon, Consumer<Measurement> rows) throws IOException, InterruptedException {
        new DriverShare(daemon, rows).run();
        try (WorkFolder work = WorkFolder.create()) {
            new GuestShare(kit, daemon, rows).run(work);
        }
    }

    private void byClient(Consumer<Measurement> rows) throws IOException {
        told(ShareRow.WRITE, client.write(WRITTEN, MEBIBYTES), rows);
        told(ShareRow.READ, client.read(WRITTEN, MEBIBYTES), rows);
        told(ShareRow.LIST, client.list(LISTED, NAMES), rows);
    }

    private static void told(ShareRow row, double seconds, Consumer<Measurement> rows) {
        rows.accept(Measurement.of(row.byDriver(), row.operations() / seconds));
        rows.accept(Measurement.of(row.inGuest(), row.operations() / seconds));
    }
}

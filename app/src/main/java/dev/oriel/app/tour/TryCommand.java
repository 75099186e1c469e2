package dev.oriel.app.tour;

import dev.oriel.app.cluster.ClusterProcess;
import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Json;
import dev.oriel.app.command.Program;
import dev.oriel.app.serve.Host;
import dev.oriel.app.serve.ServerProcess;
import dev.oriel.benchmarks.ProcessMemory;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestException;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel try}: the main job, shown from end to end in one command that leaves nothing behind. */
@Command(
        name = "try",
        description = "Boots a real Linux guest and shows it a shared directory of this host.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "What the guest needs is fetched once from the Debian archive into ~/.cache/oriel (about 100 MB; ORIEL_GUESTS",
            "chooses another folder); nothing is installed and no root is needed. When it ends, nothing is left running.",
            "Exit status: 0 all was shown; 1 something failed or could not be shown; 2 the command line was wrong."
        })
public final class TryCommand implements Callable<Integer> {
    private static final Duration SHELL_LIMIT = Duration.ofHours(12);

    /** Which client. */
    enum Client {
        X86_64(GuestKind.X86_64),
        S390X(GuestKind.S390X),
        AARCH64(GuestKind.AARCH64),
        UML(GuestKind.UML);

        private final GuestKind kind;

        Client(GuestKind kind) {
            this.kind = kind;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description =
                    "The directory to show, read-only unless --write is given (default: a small tree made for it).")
    private @Nullable Path directory;

    @Option(
            names = "--guest",
            paramLabel = "KIND",
            defaultValue = "x86_64",
            description =
                    "x86_64: Linux in QEMU; s390x: the same on a big-endian mainframe, aarch64: on Arm, both emulated;"
                            + " uml: user-mode Linux, quicker (default: ${DEFAULT-VALUE}).")
    private Client client = Client.X86_64;

    @Option(
            names = "--write",
            description = "Share DIR read-write: the guest writes one file oriel-try-N.txt, and removes it again.")
    private boolean write;

    @Option(
            names = "--dax",
            description = "Go over the DAX window, and show the same reads by request and through it (--guest x86_64 or"
                    + " aarch64).")
    private boolean dax;

    @Option(
            names = "--share",
            paramLabel = "KIND",
            description = "Instead of a directory: hdfs, a Hadoop cluster of one name node and three data nodes that is"
                    + " started for it (its jars, 110 MB, are fetched once).")
    private @Nullable String kind;

    @Option(names = "--shell", description = "Instead of the tour: a prompt inside the guest, in the share.")
    private boolean shell;

    @Option(
            names = "--recording",
            paramLabel = "FILE",
            description = "Draw what the terminal shows, as it comes, as a picture that moves (SVG).")
    private @Nullable Path recording;

    @Option(names = "--json", description = "Print the result as JSON on standard output, the steps on standard error.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (dax && client != Client.X86_64 && client != Client.AARCH64) {
            throw new ParameterException(
                    spec.commandLine(), "--dax: a guest of the kind " + client + " has no DAX window");
        }
        if (kind != null && !kind.equals("hdfs")) {
            throw new ParameterException(spec.commandLine(), "--share " + kind + ": there is hdfs");
        }
        if (kind != null && (directory != null || write || dax)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--share: a cluster has its own files and is written to; leave out DIR, --write, --dax");
        }
        if (recording != null && (json || shell)) {
            throw new ParameterException(
                    spec.commandLine(), "--recording is of the tour: leave out --json and --shell");
        }
        TerminalRecording recorded = recording == null
                ? null
                : new TerminalRecording(spec.commandLine().getOut()).typed(typed());
        PrintWriter out = recorded != null
                ? new PrintWriter(recorded)
                : json ? spec.commandLine().getErr() : spec.commandLine().getOut();
        Steps steps = new Steps(out, recorded != null || (Boolean.getBoolean("oriel.terminal") && !json));
        long began = System.nanoTime();
        Path own = directory == null ? null : Host.sharedDirectory(directory);
        Path work = Files.createTempDirectory("oriel-try-");
        Leftovers leftovers = new Leftovers(work);
        Runtime.getRuntime().addShutdownHook(new Thread(leftovers::remove, "oriel-leftovers"));
        try {
            tour(steps, own, work, leftovers);
        } finally {
            leftovers.remove();
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        if (json) {
            printJson(steps, own, seconds);
        } else {
            printVerdict(out, steps, seconds);
        }
        if (recorded != null && recording != null) {
            Files.writeString(recording, recorded.svg());
        }
        return steps.isComplete() ? 0 : 1;
    }

    /** What must not outlive the tour, also when it is interrupted. */
    private static final class Leftovers {
        private final Path work;
        private @Nullable ServerProcess server;
        private @Nullable ClusterProcess cluster;

        Leftovers(Path work) {
            this.work = work;
        }

        synchronized void add(ServerProcess process) {
            server = process;
        }

        synchronized void add(ClusterProcess process) {
            cluster = process;
        }

        synchronized void remove() {
            try {
                if (server != null) {
                    server.close();
                }
                if (cluster != null) {
                    cluster.close();
                    cluster = null;
                }
                TourTree.remove(work);
            } catch (IOException stays) {
                System.getLogger("dev.oriel.app")
                        .log(System.Logger.Level.WARNING, "could not remove all of " + work, stays);
            }
        }
    }

    private void tour(Steps steps, @Nullable Path own, Path work, Leftovers leftovers)
            throws IOException, CommandFailed, InterruptedException {
        ClusterProcess cluster = kind == null ? null : cluster(steps, work, leftovers);
        boolean writable = own == null || write;
        boolean window = dax || (cluster != null && client == Client.X86_64);
        Path shared = own == null ? work.resolve("share") : own;
        if (own == null && cluster == null) {
            makeTree(steps, shared);
        }
        GuestKit kit = GuestKit.locate();
        boolean guestIsThere = fetch(steps, kit);

        steps.begin("server", "oriel serve starts");
        Path socket = work.resolve("socket");
        List<String> options = new ArrayList<>(List.of("--socket-path", socket.toString(), "--tag", GuestTour.TAG));
        options.addAll(
                cluster == null
                        ? List.of("--shared-dir", shared.toString())
                        : List.of("--share", cluster.share(), "--xattr"));
        if (!writable) {
            options.add("--readonly");
        }
        if (window) {
            // the guest's device must have as many queues as it is told
            options.addAll(List.of("--dax", "--request-queues", "1"));
        }
        ServerProcess server = ServerProcess.start(work.resolve("log"), options);
        leftovers.add(server);
        try {
            server.awaitListening();
        } catch (CommandFailed failed) {
            steps.failed(String.valueOf(failed.getMessage()));
            return;
        }
        steps.done(String.format(
                Locale.ROOT,
                "shares %s %s%s, %s, %.0f MiB resident",
                cluster != null ? cluster.share() : own == null ? "the tree" : shared,
                writable ? "read-write" : "read-only",
                window ? " with a DAX window" : "",
                server.isConfined() ? "confined" : "not confined, as this host does not let it",
                ProcessMemory.of(server.pid()).ownMebibytes()));

        if (!guestIsThere) {
            probe(steps, socket);
        } else if (shell) {
            shell(steps, kit, socket, window);
        } else if (cluster != null) {
            clusterTour(steps, kit, cluster, window, socket, server);
        } else {
            guestTour(steps, kit, shared, writable, socket, server);
        }

        steps.begin("clean up", "the server stops");
        boolean wasAlive = server.isAlive();
        String log = server.log();
        leftovers.remove();
        if (wasAlive && !Files.exists(socket)) {
            steps.done("the server stopped; its socket and all files made for this are gone");
        } else {
            steps.failed("the server did not live to the end: " + log);
        }
    }

    private static void makeTree(Steps steps, Path shared) throws IOException {
        steps.begin("directory", "making a tree to share");
        TourTree.make(Files.createDirectory(shared));
        steps.done("made a tree of 200 small files and a large one");
    }

    private static ClusterProcess cluster(Steps steps, Path work, Leftovers leftovers)
            throws IOException, CommandFailed {
        steps.begin("cluster", "a name node and three data nodes start");
        ClusterProcess cluster = ClusterProcess.start(work);
        leftovers.add(cluster);
        steps.done("up, with 21 files of 24 MiB, three times each");
        return cluster;
    }

    /** Whether there is a guest to boot. */
    private boolean fetch(Steps steps, GuestKit kit) throws IOException, InterruptedException {
        Path home = Path.of(System.getProperty("user.home"));
        String folder = kit.folder().startsWith(home)
                ? "~/" + home.relativize(kit.folder())
                : kit.folder().toString();
        steps.begin("guest parts", "looking in " + folder);
        if (kit.missing(client.kind.parts()).isEmpty()) {
            steps.done("there already, in " + folder);
            return true;
        }
        try {
            kit.fetch(client.kind.parts(), steps::progress);
            steps.done("fetched into " + folder);
            return true;
        } catch (GuestException missing) {
            steps.skipped(String.valueOf(missing.getMessage()));
            return false;
        }
    }

    private void guestTour(Steps steps, GuestKit kit, Path shared, boolean writable, Path socket, ServerProcess server)
            throws IOException, InterruptedException {
        try {
            new GuestTour(steps, shared, writable, dax).run(kit, client.kind, socket, server);
        } catch (GuestException failed) {
            String log = server.log();
            steps.failed(failed.getMessage() + (log.isEmpty() ? "" : "\nthe server's log:\n" + log));
        }
    }

    private void clusterTour(
            Steps steps, GuestKit kit, ClusterProcess cluster, boolean window, Path socket, ServerProcess server)
            throws IOException, InterruptedException {
        try {
            new ClusterTour(steps, cluster, window).run(kit, client.kind, socket, server);
        } catch (GuestException failed) {
            String log = server.log();
            steps.failed(failed.getMessage() + (log.isEmpty() ? "" : "\nthe server's log:\n" + log));
        }
    }

    private void shell(Steps steps, GuestKit kit, Path socket, boolean window)
            throws IOException, InterruptedException {
        steps.begin("shell", "booting; leave it with 'exit'" + (client.kind.isQemu() ? ", or Ctrl-A x" : ""));
        spec.commandLine().getOut().println();
        spec.commandLine().getOut().flush();
        Share share = Share.of(socket, GuestTour.TAG);
        Guest guest = Guest.of(kit, client.kind)
                .share(window ? share.withDaxWindow().withMountOptions("dax=always") : share)
                .shell()
                .limit(SHELL_LIMIT);
        try (GuestRun run = guest.start()) {
            run.await().orThrow();
            steps.done("left");
        } catch (GuestException failed) {
            steps.failed(String.valueOf(failed.getMessage()));
        }
    }

    private static void probe(Steps steps, Path socket) {
        steps.begin("questions", "a front-end's first questions, in place of a guest");
        try (FrontEndProbe probe = FrontEndProbe.connect(socket)) {
            FrontEndProbe.Answers answers = probe.ask();
            steps.done(String.format(
                    Locale.ROOT,
                    "the server answers: tag '%s', %d request queues,%nfeatures %x, protocol features %x",
                    answers.tag(),
                    answers.requestQueues(),
                    answers.features(),
                    answers.protocolFeatures()));
        } catch (IOException wrong) {
            steps.failed(String.valueOf(wrong.getMessage()));
        }
        steps.begin("guest", "");
        steps.skipped("no guest could be had, so no guest mounted, read or wrote anything");
    }

    /** The command, without the option that draws it. */
    private String typed() {
        List<String> words = new ArrayList<>(List.of("oriel", "try"));
        if (directory != null) {
            words.add(directory.toString());
        }
        if (write) {
            words.add("--write");
        }
        if (client != Client.X86_64) {
            words.addAll(List.of("--guest", client.toString()));
        }
        if (dax) {
            words.add("--dax");
        }
        if (kind != null) {
            words.addAll(List.of("--share", kind));
        }
        return String.join(" ", words);
    }

    private void printVerdict(PrintWriter out, Steps steps, double seconds) {
        out.println();
        if (!steps.isComplete()) {
            out.println("Not everything could be shown; the lines above say what and why.");
        } else if (!shell) {
            out.printf(
                    Locale.ROOT,
                    "A real Linux guest mounted, listed and read %s through Oriel, in %.1f s.%n"
                            + "To share one with a virtual machine of yours:%n"
                            + "  oriel serve %s --socket-path /run/oriel/project.sock%n",
                    kind == null ? "a directory of this host" : "a Hadoop cluster",
                    seconds,
                    kind == null ? "--shared-dir DIR" : "--share hdfs://HOST/DIR");
        }
        out.flush();
    }

    private void printJson(Steps steps, @Nullable Path own, double seconds) {
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put("version", Program.VERSION);
        result.put("guest", client.toString());
        result.put("dax", dax);
        result.put("share", kind);
        result.put("directory", own == null ? null : own.toString());
        result.put("complete", steps.isComplete());
        result.put("seconds", Math.round(seconds * 1000) / 1000.0);
        result.put("steps", steps.results());
        PrintWriter out = spec.commandLine().getOut();
        out.println(Json.write(result));
        out.flush();
    }
}

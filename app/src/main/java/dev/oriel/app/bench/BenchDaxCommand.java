package dev.oriel.app.bench;

import dev.oriel.app.command.Json;
import dev.oriel.benchmarks.DaxDriverBenchmark;
import dev.oriel.benchmarks.DaxGuestBenchmark;
import dev.oriel.benchmarks.DaxMemoryBenchmark;
import dev.oriel.benchmarks.DaxWeightsBenchmark;
import dev.oriel.benchmarks.PeerSubject;
import dev.oriel.guests.Attachment;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.KitPart;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oriel bench dax}. */
@Command(
        name = "dax",
        description = "The DAX window: in a guest, from the driver, and what it costs in memory.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            BenchDaxCommand.InGuest.class,
            BenchDaxCommand.FromDriver.class,
            BenchDaxCommand.InMemory.class,
            BenchDaxCommand.OfWeights.class
        })
final class BenchDaxCommand implements Runnable {
    private static final OrielSubject WINDOW = window("oriel, window", "--dax", "--request-queues=1");
    private static final OrielSubject REQUESTS = new OrielSubject("oriel, requests", List.of());

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    private static OrielSubject window(String name, String... options) {
        return new OrielSubject(name, List.of(options), Attachment.VHOST_USER_TEST_DEVICE, "dax=always");
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to measure: guest, driver, memory or weights");
    }

    /** {@code oriel bench dax guest}. */
    @Command(
            name = "guest",
            description =
                    "Reads in an x86_64 guest through the window, by request, and from the Rust virtiofsd, at random "
                            + "and in order; and what a mapping costs.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class InGuest implements Callable<Integer> {
        @Mixin
        private ReportOptions report = new ReportOptions();

        @Option(
                names = "--rows",
                paramLabel = "NAME",
                split = ",",
                description = "Only these of ${COMPLETION-CANDIDATES}.")
        private List<DaxGuestBenchmark.Rows> rows = List.of(DaxGuestBenchmark.Rows.values());

        @Option(
                names = "--size",
                paramLabel = "MIB",
                defaultValue = "1024",
                description = "Of the file that is read in order, in MiB (default: ${DEFAULT-VALUE}).")
        private int size = 1024;

        @Override
        public Integer call() throws Exception {
            GuestKit kit = GuestKit.locate();
            int rounds = report.rounds();
            report.checkAtLeast("--size", List.of(size), 1);
            kit.fetch(List.of(KitPart.X86_64, KitPart.TOOLS, KitPart.PEER), report.progress());
            OrielSubject direct = window("direct", "--dax=direct", "--request-queues=1", "--log-level=trace");
            OrielSubject staged = window("staged", "--dax=staged", "--request-queues=1");
            DaxGuestBenchmark benchmark = new DaxGuestBenchmark(
                    kit,
                    EnumSet.copyOf(rows),
                    size,
                    direct,
                    List.of(WINDOW, direct, staged, REQUESTS, new PeerSubject(kit, List.of())));
            return report.write(benchmark.run(rounds, report.progress()));
        }
    }

    /** {@code oriel bench dax driver}. */
    @Command(
            name = "driver",
            description = "Reads through a pinned range of the driver, beside the same file mapped on the host.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class FromDriver implements Callable<Integer> {
        @Mixin
        private ReportOptions report = new ReportOptions();

        @Override
        public Integer call() throws Exception {
            return report.write(new DaxDriverBenchmark(WINDOW).run(report.rounds(), report.progress()));
        }
    }

    /** {@code oriel bench dax memory}. */
    @Command(
            name = "memory",
            description =
                    "What two guests that read one file cost the host in memory, through the window and by request.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class InMemory implements Callable<Integer> {
        @Spec
        @SuppressWarnings("NullAway.Init") // by picocli
        private CommandSpec spec;

        @Option(
                names = "--size",
                paramLabel = "MIB",
                defaultValue = "1024",
                description = "Of the file, in MiB (default: ${DEFAULT-VALUE}). Each guest gets memory for all of it.")
        private int size = 1024;

        @Option(names = "--json", description = "Print the figures as JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            if (size < 1) {
                throw new ParameterException(spec.commandLine(), "--size " + size + ": it takes at least 1 MiB");
            }
            GuestKit kit = GuestKit.locate();
            PrintWriter err = spec.commandLine().getErr();
            kit.fetch(List.of(KitPart.X86_64), err::println);
            List<DaxMemoryBenchmark.Way> ways = new DaxMemoryBenchmark(kit, WINDOW, REQUESTS, size).run(line -> {
                err.println(line);
                err.flush();
            });
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.write(Map.of(
                        "mib",
                        size,
                        "ways",
                        ways.stream().map(InMemory::figures).toList())));
            } else {
                out.printf(
                        Locale.ROOT,
                        "Two guests read one file of %d MiB; memory of the host in MiB, each page once:%n%n",
                        size);
                ways.forEach(way -> print(way, out));
            }
            out.flush();
            return 0;
        }

        static void print(DaxMemoryBenchmark.Way way, PrintWriter out) {
            out.printf(Locale.ROOT, "%-48s %10s %10s %10s%n", way.name(), "before", "after", "cost");
            line(
                    out,
                    "  the file in the host's page cache",
                    way.before().file(),
                    way.after().file());
            line(
                    out,
                    "  virtual machines and server besides",
                    way.before().machines(),
                    way.after().machines());
            line(out, "  together", way.before().sum(), way.after().sum());
            out.printf(
                    Locale.ROOT, "  pages of the file that the virtual machines have mapped: %.1f%n%n", way.mapped());
        }

        private static void line(PrintWriter out, String name, double before, double after) {
            out.printf(Locale.ROOT, "%-48s %10.1f %10.1f %+10.1f%n", name, before, after, after - before);
        }

        static Map<String, Object> figures(DaxMemoryBenchmark.Way way) {
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("way", way.name());
            figures.put("before", figures(way.before()));
            figures.put("after", figures(way.after()));
            figures.put("cost_mib", rounded(way.cost()));
            figures.put("mapped_mib", rounded(way.mapped()));
            return figures;
        }

        private static Map<String, Object> figures(DaxMemoryBenchmark.Memory memory) {
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("file_mib", rounded(memory.file()));
            figures.put("machines_mib", rounded(memory.machines()));
            return figures;
        }

        static double rounded(double value) {
            return Math.round(value * 10) / 10.0;
        }
    }

    /** {@code oriel bench dax weights}. */
    @Command(
            name = "weights",
            description =
                    "Two guests map a checkpoint at once, as programs that load a model do, and read it in order and "
                            + "at random: through the window and by request, with the host's memory.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class OfWeights implements Callable<Integer> {
        @Spec
        @SuppressWarnings("NullAway.Init") // by picocli
        private CommandSpec spec;

        @Option(
                names = "--size",
                paramLabel = "MIB",
                description =
                        "Of the checkpoint, in MiB (default: 8192, or half of the host's memory if that is less). It"
                                + " is sparse, and takes a sixteenth of that on the disk.")
        private @Nullable Integer size;

        @Option(names = "--json", description = "Print the figures as JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            int mebibytes = size == null ? DaxWeightsBenchmark.defaultMebibytes() : size;
            if (mebibytes < DaxWeightsBenchmark.TENSOR_MEBIBYTES) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--size " + mebibytes + ": it takes at least " + DaxWeightsBenchmark.TENSOR_MEBIBYTES + " MiB");
            }
            GuestKit kit = GuestKit.locate();
            PrintWriter err = spec.commandLine().getErr();
            kit.fetch(List.of(KitPart.X86_64, KitPart.TOOLS, KitPart.PEER), err::println);
            OrielSubject direct = window("oriel, window, --dax=direct", "--dax=direct", "--request-queues=1");
            List<DaxWeightsBenchmark.Way> ways = new DaxWeightsBenchmark(
                            kit, List.of(WINDOW, direct, REQUESTS), mebibytes)
                    .run(line -> {
                        err.println(line);
                        err.flush();
                    });
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.write(Map.of(
                        "mib",
                        mebibytes,
                        "ways",
                        ways.stream().map(OfWeights::figures).toList())));
            } else {
                out.printf(
                        Locale.ROOT,
                        "Two guests map one sparse checkpoint of %d MiB at once; memory in MiB, each page once:%n%n",
                        mebibytes);
                ways.forEach(way -> print(way, out));
            }
            out.flush();
            return 0;
        }

        private static void print(DaxWeightsBenchmark.Way way, PrintWriter out) {
            InMemory.print(way.memory(), out);
            out.printf(Locale.ROOT, "  each guest in order: %s MiB/s%n", way.inOrder());
            out.printf(Locale.ROOT, "  each guest at random: %s MiB/s%n%n", way.atRandom());
        }

        private static Map<String, Object> figures(DaxWeightsBenchmark.Way way) {
            Map<String, Object> figures = InMemory.figures(way.memory());
            figures.put("in_order_mib_per_second", way.inOrder());
            figures.put("at_random_mib_per_second", way.atRandom());
            return figures;
        }
    }
}

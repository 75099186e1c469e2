package dev.oriel.app.bench;

import dev.oriel.app.command.Json;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oriel bench}: the figures that the documentation states, measured on this machine. */
@Command(
        name = "bench",
        description = "Measures Oriel on this machine.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            BenchCommand.Startup.class,
            BenchDriverCommand.class,
            BenchByteOrderCommand.class,
            BenchConfinementCommand.class,
            BenchGuestCommand.class,
            BenchDaxCommand.class,
            BenchScaleCommand.class,
            BenchShareCommand.class,
            BenchVfioUserCommand.class
        })
public final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "say what to measure: startup, driver, byte-order, confinement, guest,"
                        + " dax, scale, share or vfio-user");
    }

    /** {@code oriel bench startup}. */
    @Command(
            name = "startup",
            description = "Time from start to listening, and resident memory at rest and under a guest's load.",
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class Startup implements Callable<Integer> {
        @Spec
        @SuppressWarnings("NullAway.Init") // by picocli
        private CommandSpec spec;

        @Option(
                names = "--runs",
                paramLabel = "N",
                defaultValue = "10",
                description = "How often to start the server, after one start that does not count (default: 10).")
        private int runs = 10;

        @Option(names = "--json", description = "Print the figures as JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            if (runs < 1) {
                throw new ParameterException(spec.commandLine(), "--runs " + runs + ": it takes at least one");
            }
            Map<String, Object> figures = StartupBenchmark.measure(runs);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.write(figures));
            } else {
                for (Map.Entry<String, Object> figure : figures.entrySet()) {
                    out.printf(Locale.ROOT, "%-36s %s%n", figure.getKey().replace('_', ' '), figure.getValue());
                }
            }
            out.flush();
            return 0;
        }
    }
}

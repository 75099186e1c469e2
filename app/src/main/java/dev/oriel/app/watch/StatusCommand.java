package dev.oriel.app.watch;

import dev.oriel.app.command.CommandFailed;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel status}: what a server has done since it began. */
@Command(
        name = "status",
        description = "Shows what a server has done since it began, and what its guests hold.",
        mixinStandardHelpOptions = true)
public final class StatusCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "As JSON: counts since the server began, bytes, nanoseconds.")
    private boolean json;

    @Parameters(paramLabel = "SOCKET", description = "The --control-path of the server.")
    @SuppressWarnings("NullAway.Init") // by picocli
    private Path socket;

    @Override
    public Integer call() throws CommandFailed {
        String status = new ControlConnection(socket).status();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.print(status);
        } else {
            new StatusText(new StatusSnapshot(Map.of()), StatusSnapshot.parse(status))
                    .lines()
                    .forEach(out::println);
        }
        out.flush();
        return 0;
    }
}

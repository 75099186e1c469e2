package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Json;
import dev.oriel.app.command.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystem;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel stat}: all that a share tells of a file. */
@Command(name = "stat", description = "Shows all that a share tells of a file.", mixinStandardHelpOptions = true)
public final class StatCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // by picocli
    private ShareConnection connection;

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Parameters(paramLabel = "PATH", description = "In the share; a symbolic link is not followed.")
    private String path = "/";

    @Override
    public Integer call() throws CommandFailed {
        PrintWriter out = spec.commandLine().getOut();
        try (FileSystem share = connection.open()) {
            Map<String, Object> fields = NodeDescription.of(share.getPath(path)).fields();
            if (json) {
                out.println(Json.write(fields));
            } else {
                fields.forEach((name, value) -> out.printf("%-9s %s%n", name, Printable.of(String.valueOf(value))));
            }
            out.flush();
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("look at " + path, failed);
        }
    }
}

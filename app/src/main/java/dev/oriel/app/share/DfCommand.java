package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Json;
import dev.oriel.app.command.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel df}: the space of a share. */
@Command(name = "df", description = "Shows how much space a share has.", mixinStandardHelpOptions = true)
public final class DfCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // by picocli
    private ShareConnection connection;

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "As JSON, in bytes.")
    private boolean json;

    @Parameters(arity = "0..1", paramLabel = "PATH", description = "In the share (default: ${DEFAULT-VALUE}).")
    private String path = "/";

    @Override
    public Integer call() throws CommandFailed {
        PrintWriter out = spec.commandLine().getOut();
        try (FileSystem share = connection.open()) {
            FileStore store = Files.getFileStore(share.getPath(path));
            long total = store.getTotalSpace();
            long used = total - store.getUnallocatedSpace();
            long available = store.getUsableSpace();
            if (json) {
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put("tag", store.name());
                fields.put("total", total);
                fields.put("used", used);
                fields.put("available", available);
                out.println(Json.write(fields));
            } else {
                out.printf("%-20s %12s %12s %12s%n", "tag", "KiB", "used", "available");
                out.printf(
                        "%-20s %12d %12d %12d%n", Printable.of(store.name()), total >> 10, used >> 10, available >> 10);
            }
            out.flush();
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("ask for the space of " + path, failed);
        }
    }
}

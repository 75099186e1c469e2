package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.control.Document;
import dev.oriel.app.control.DocumentServer;
import dev.oriel.app.control.Guests;
import dev.oriel.app.control.MetricsDocument;
import dev.oriel.app.control.ServerDescription;
import dev.oriel.app.control.StatusDocument;
import dev.oriel.linux.UnixSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code oriel serve} by which others see what the server does. */
final class StatisticsOptions {
    private static final String CONTROL = "--control-path";
    private static final String METRICS = "--metrics-path";

    @Option(
            names = CONTROL,
            paramLabel = "PATH",
            description = "Tell oriel top and oriel status what the server does, on a UNIX socket made here, which only"
                    + " the user who serves may use.")
    private @Nullable Path control;

    @Option(
            names = METRICS,
            paramLabel = "PATH",
            description = "Answer with metrics (OpenMetrics, over HTTP: GET /metrics) on a UNIX socket made here, which"
                    + " only the user who serves may use.")
    private @Nullable Path metrics;

    private Map<String, Path> paths() {
        Map<String, Path> paths = new LinkedHashMap<>();
        if (control != null) {
            paths.put(CONTROL, control);
        }
        if (metrics != null) {
            paths.put(METRICS, metrics);
        }
        return paths;
    }

    /** The folder of a socket, as this process sees it. */
    private static Path folder(String option, Path path) {
        Path parent = seen(option, path).getParent();
        return parent == null ? Path.of(".") : parent;
    }

    private static Path seen(String option, Path path) {
        return Sandbox.entered().socket(option.equals(CONTROL) ? "control" : "metrics", path);
    }

    /**
     * Makes sure that there are folders for the sockets, which guests cannot reach.
     *
     * @param share the shared directory; null: no directory of this host is shared
     */
    void requireFolders(@Nullable Path share) throws CommandFailed {
        for (Map.Entry<String, Path> path : paths().entrySet()) {
            Host.requireSocketFolder(path.getKey(), path.getValue(), folder(path.getKey(), path.getValue()), share);
        }
    }

    /** The folders from where the sockets are removed at the end. */
    List<Path> folders() {
        return paths().entrySet().stream()
                .map(path -> folder(path.getKey(), path.getValue()))
                .toList();
    }

    /**
     * Listens; nobody is answered before {@link DocumentServer#start}.
     *
     * @return what is to be started, and closed at the end
     */
    List<DocumentServer> listen(ServerDescription server, Guests guests) throws CommandFailed {
        Document status = Document.status(new StatusDocument(server, guests));
        Document openMetrics = Document.metrics(new MetricsDocument(server, guests));
        List<DocumentServer> listening = new ArrayList<>();
        try {
            if (control != null) {
                listening.add(new DocumentServer("control", listen(CONTROL, control), Map.of("/status", status)));
            }
            if (metrics != null) {
                listening.add(new DocumentServer("metrics", listen(METRICS, metrics), Map.of("/metrics", openMetrics)));
            }
        } catch (CommandFailed refused) {
            listening.forEach(DocumentServer::close);
            throw refused;
        }
        return listening;
    }

    private static UnixSocket listen(String option, Path path) throws CommandFailed {
        return Host.listen(option, seen(option, path), path.toString());
    }
}

package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel tree}: draws a directory of a share and all below it. */
@Command(name = "tree", description = "Draws a directory of a share and all below it.", mixinStandardHelpOptions = true)
public final class TreeCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // by picocli
    private ShareConnection connection;

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "PATH", description = "In the share (default: ${DEFAULT-VALUE}).")
    private String path = "/";

    private long directories;
    private long files;

    @Override
    public Integer call() throws CommandFailed {
        PrintWriter out = spec.commandLine().getOut();
        try (FileSystem share = connection.open()) {
            out.println(path);
            draw(out, share.getPath(path), "");
            out.printf("%n%d directories, %d files%n", directories, files);
            out.flush();
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("draw " + path, failed);
        }
    }

    private void draw(PrintWriter out, Path directory, String indent) throws IOException {
        for (Iterator<Path> entries = LsCommand.entries(directory).iterator(); entries.hasNext(); ) {
            Path entry = entries.next();
            NodeDescription node = NodeDescription.of(entry);
            boolean last = !entries.hasNext();
            String arrow = node.target().isEmpty() ? "" : " -> " + node.target();
            out.println(indent + (last ? "└── " : "├── ") + Printable.of(node.name() + arrow));
            if (node.attributes().isDirectory()) {
                directories++;
                draw(out, entry, indent + (last ? "    " : "│   "));
            } else {
                files++;
            }
        }
    }
}

package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Json;
import dev.oriel.app.command.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel ls}: lists a directory of a share. */
@Command(name = "ls", description = "Lists a directory of a share.", mixinStandardHelpOptions = true)
public final class LsCommand implements Callable<Integer> {
    /** A device decides how many entries it lists: it may never end. */
    private static final int ENTRIES_MAX = 1_000_000;

    @Mixin
    @SuppressWarnings("NullAway.Init") // by picocli
    private ShareConnection connection;

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Option(names = "-l", description = "With permissions, owner, size and date.")
    private boolean details;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Parameters(arity = "0..1", paramLabel = "PATH", description = "In the share (default: ${DEFAULT-VALUE}).")
    private String path = "/";

    @Override
    public Integer call() throws CommandFailed {
        PrintWriter out = spec.commandLine().getOut();
        try (FileSystem share = connection.open()) {
            List<Path> entries = entries(share.getPath(path));
            List<Object> described = new ArrayList<>();
            for (Path entry : entries) {
                if (json) {
                    described.add(NodeDescription.of(entry).fields());
                } else {
                    String line = details ? NodeDescription.of(entry).line() : String.valueOf(entry.getFileName());
                    out.println(Printable.of(line));
                }
            }
            if (json) {
                out.println(Json.write(described));
            }
            out.flush();
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("list " + path, failed);
        }
    }

    /** The entries of a directory, in order; what is no directory is its own entry. */
    static List<Path> entries(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        // throws where nothing is
        BasicFileAttributes itself =
                Files.readAttributes(directory, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!itself.isDirectory() && !Files.isDirectory(directory)) {
            entries.add(directory);
            return entries;
        }
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path entry : stream) {
                if (entries.size() == ENTRIES_MAX) {
                    throw new FileSystemException(
                            directory.toString(),
                            null,
                            "more than " + ENTRIES_MAX + " entries in a directory, which are not kept in memory");
                }
                entries.add(entry);
            }
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        Collections.sort(entries);
        return entries;
    }
}

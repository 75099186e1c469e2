package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Printable;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oriel cp}: copies files into, out of and inside a share. */
@Command(
        name = "cp",
        description = {
            "Copies a file or, with -r, a directory into, out of or inside a share.",
            "Paths in the share begin with \":\", as in oriel cp --socket S :/etc/hosts hosts"
        },
        mixinStandardHelpOptions = true)
public final class CpCommand implements Callable<Integer> {
    private static final String IN_SHARE = ":";

    /** Names that an existing directory does not take in: what they name is copied into it. */
    static final Set<String> DOTS = Set.of("", ".", "..");

    private static final long PROGRESS_NANOS = 500_000_000;

    @Mixin
    @SuppressWarnings("NullAway.Init") // by picocli
    private ShareConnection connection;

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Option(names = "-r", description = "Directories too, with all in them.")
    private boolean recursive;

    @Parameters(index = "0", paramLabel = "SOURCE", description = "What to copy.")
    private String source = "";

    @Parameters(index = "1", paramLabel = "TARGET", description = "Where to; an existing directory takes it in.")
    private String target = "";

    private long shown;

    @Override
    public Integer call() throws CommandFailed {
        if (!source.startsWith(IN_SHARE) && !target.startsWith(IN_SHARE)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "neither path is in the share; one in the share begins with \":\", as in :/" + source);
        }
        shown = System.nanoTime();
        try (FileSystem share = connection.open()) {
            Path from = path(share, source);
            Path to = path(share, target);
            Path name = from.getFileName();
            if (Files.isDirectory(to) && name != null && !DOTS.contains(name.toString())) {
                to = to.resolve(name.toString());
            }
            new TreeCopy(recursive, this::progress).copy(from, to);
            wipe();
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("copy " + source + " to " + target, failed);
        }
    }

    private static Path path(FileSystem share, String text) {
        return text.startsWith(IN_SHARE) ? share.getPath(text.substring(1)) : Path.of(text);
    }

    /** Which console there is, and whether it is null without a terminal, changed from Java to Java. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** One line that is written again and again, on long copies only. */
    private void progress(long copied, Path file) {
        long now = System.nanoTime();
        if (isTerminal() && now - shown >= PROGRESS_NANOS) {
            shown = now;
            print((copied >> 20) + " MiB  " + Printable.of(file.toString()));
        }
    }

    private void wipe() {
        if (isTerminal()) {
            print("");
        }
    }

    private void print(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.print("\r\033[K" + line);
        err.flush();
    }
}

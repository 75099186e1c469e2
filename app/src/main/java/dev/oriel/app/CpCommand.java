package dev.oriel.app;

import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
final class CpCommand implements Callable<Integer> {
    private static final String IN_SHARE = ":";
    private static final int BUFFER_SIZE = 1 << 20;
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

    private long copied;
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
            if (Files.isDirectory(to) && name != null) {
                to = to.resolve(name.toString());
            }
            copy(from, to);
            progress("", true);
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("copy " + source + " to " + target, failed);
        }
    }

    private static Path path(FileSystem share, String text) {
        return text.startsWith(IN_SHARE) ? share.getPath(text.substring(1)) : Path.of(text);
    }

    private void copy(Path from, Path to) throws IOException, CommandFailed {
        if (Files.isSymbolicLink(from)) {
            Files.deleteIfExists(to);
            Files.createSymbolicLink(
                    to, to.getFileSystem().getPath(Files.readSymbolicLink(from).toString()));
        } else if (Files.isDirectory(from)) {
            if (!recursive) {
                throw new CommandFailed(from + " is a directory; oriel cp -r copies it with all in it");
            }
            if (!Files.isDirectory(to)) {
                Files.createDirectory(to);
            }
            for (Path entry : LsCommand.entries(from)) {
                copy(entry, to.resolve(String.valueOf(entry.getFileName())));
            }
        } else {
            copyFile(from, to);
        }
    }

    private void copyFile(Path from, Path to) throws IOException, CommandFailed {
        if (Files.exists(to, LinkOption.NOFOLLOW_LINKS) && Files.isSameFile(from, to)) {
            throw new CommandFailed(from + " and " + to + " are the same file");
        }
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
        try (FileChannel input = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel output = FileChannel.open(
                        to,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            while (input.read(buffer.clear()) > 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    copied += output.write(buffer);
                }
                progress(from.toString(), false);
            }
        }
        Files.setPosixFilePermissions(to, Files.getPosixFilePermissions(from));
    }

    /** Which console there is, and whether it is null without a terminal, changed from Java to Java. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** One line that is written again and again, on long copies only, and wiped at the end. */
    private void progress(String file, boolean end) {
        long now = System.nanoTime();
        if (!isTerminal() || (!end && now - shown < PROGRESS_NANOS)) {
            return;
        }
        shown = now;
        PrintWriter err = spec.commandLine().getErr();
        err.print("\r\033[K" + (end ? "" : (copied >> 20) + " MiB  " + file));
        err.flush();
    }
}

package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.app.command.Printable;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.nio.VirtioFileSystemProvider;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Option;

/** The option of all commands that look into a share through its socket, as a guest would. */
final class ShareConnection {
    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

    @Option(
            names = "--socket",
            required = true,
            paramLabel = "SOCKET",
            description = "Where the vhost-user-fs device listens: that of oriel serve, or another's.")
    @SuppressWarnings("NullAway.Init") // by picocli
    private Path socket;

    FileSystem open() throws CommandFailed {
        try {
            // a provider of our own: nothing is to be found by others in this process
            return new VirtioFileSystemProvider()
                    .newFileSystem(
                            socket.toAbsolutePath(),
                            Map.of(
                                    VirtioFileSystemProvider.OPTIONS,
                                    FuseClientOptions.DEFAULTS.withTimeLimit(TIME_LIMIT)));
        } catch (UnsupportedOperationException noSocket) {
            throw new CommandFailed(
                    "no device listens at " + socket + ": start one, as in oriel serve --socket-path " + socket,
                    noSocket);
        } catch (IOException failed) {
            throw new CommandFailed(String.valueOf(failed.getMessage()), failed);
        }
    }

    /** What people read of a failure. */
    static CommandFailed failed(String what, IOException failure) {
        String reason = switch (failure) {
            case NoSuchFileException missing -> missing.getFile() + ": no such file or directory";
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case NotDirectoryException file -> file.getFile() + ": not a directory";
            case FileAlreadyExistsException there -> there.getFile() + ": there is one already";
            case FileSystemLoopException loop -> loop.getFile() + ": too many symbolic links";
            default -> String.valueOf(failure.getMessage());
        };
        return new CommandFailed(Printable.of(what + ": " + reason), failure);
    }
}

package dev.oriel.app.share;

import dev.oriel.app.command.CommandFailed;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code oriel cat}: writes files of a share to standard output. */
@Command(name = "cat", description = "Writes files of a share to standard output.", mixinStandardHelpOptions = true)
public final class CatCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // by picocli
    private ShareConnection connection;

    @Parameters(arity = "1..*", paramLabel = "PATH", description = "In the share.")
    private List<String> paths = List.of();

    @Override
    public Integer call() throws CommandFailed {
        try (FileSystem share = connection.open()) {
            for (String path : paths) {
                try {
                    Files.copy(share.getPath(path), System.out);
                } catch (IOException failed) {
                    throw ShareConnection.failed("read " + path, failed);
                }
            }
            System.out.flush();
            return 0;
        } catch (IOException failed) {
            throw ShareConnection.failed("close the share", failed);
        }
    }
}

package dev.oriel.filesystem.path;

import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * Why a provider refuses, if it does not tell: a server of SFTP has one failure for all. What is there is looked at
 * then.
 */
final class RefusalReason {
    private RefusalReason() {}

    /** Why nothing of this name could be made. */
    static IOException ofMaking(Path path, IOException refused) {
        return isTold(refused) || !Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                ? refused
                : new FileAlreadyExistsException(path.toString());
    }

    /** Why a directory could not be removed. */
    static IOException ofRemoving(Path directory, IOException refused) {
        if (isTold(refused)) {
            return refused;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            return entries.iterator().hasNext() ? new DirectoryNotEmptyException(directory.toString()) : refused;
        } catch (IOException | DirectoryIteratorException gone) {
            return refused;
        }
    }

    private static boolean isTold(IOException refused) {
        return ThrownErrno.of(refused) != -Errno.EIO;
    }
}

package dev.oriel.driver.nio;

import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Turns the errno of an operation into the exception that java.nio.file has for it. */
final class Failures {
    private Failures() {}

    static IOException of(FuseException failed, Path path) {
        return of(failed, path.toString(), null);
    }

    static IOException of(FuseException failed, Path path, Path other) {
        return of(failed, path.toString(), other.toString());
    }

    private static IOException of(FuseException failed, String path, @Nullable String other) {
        FileSystemException exception = switch (failed.errno()) {
            case Errno.ENOENT -> new NoSuchFileException(path, other, null);
            case Errno.EEXIST -> new FileAlreadyExistsException(path, other, null);
            case Errno.EACCES, Errno.EPERM -> new AccessDeniedException(path, other, null);
            case Errno.ENOTEMPTY -> new DirectoryNotEmptyException(path);
            case Errno.ENOTDIR -> new NotDirectoryException(path);
            case Errno.ELOOP -> new FileSystemLoopException(path);
            default -> new FileSystemException(path, other, Errno.message(failed.errno()));
        };
        exception.initCause(failed);
        return exception;
    }
}

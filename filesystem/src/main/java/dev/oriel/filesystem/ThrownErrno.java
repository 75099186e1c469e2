package dev.oriel.filesystem;

import dev.oriel.linux.Errno;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.NonWritableChannelException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The errno for what a provider of files throws: exceptions that have a meaning of their own, what Linux or a provider
 * says in the text of an {@code IOException}, and EIO for all else. Any thread.
 */
public final class ThrownErrno {
    /** What is thrown to answer an errno that was found before. */
    public interface Known {
        /** The errno, positive. */
        int errno();
    }

    private static final Logger LOG = System.getLogger("dev.oriel.filesystem");

    /** Causes are looked at this deep: a provider may have made a circle of them. */
    private static final int MOST_CAUSES = 8;

    private static final Map<Class<? extends Throwable>, Integer> CLASSES = Map.ofEntries(
            Map.entry(NoSuchFileException.class, Errno.ENOENT),
            Map.entry(FileNotFoundException.class, Errno.ENOENT),
            Map.entry(FileAlreadyExistsException.class, Errno.EEXIST),
            Map.entry(DirectoryNotEmptyException.class, Errno.ENOTEMPTY),
            Map.entry(NotDirectoryException.class, Errno.ENOTDIR),
            Map.entry(NotLinkException.class, Errno.EINVAL),
            Map.entry(AccessDeniedException.class, Errno.EACCES),
            Map.entry(AtomicMoveNotSupportedException.class, Errno.EXDEV),
            Map.entry(FileSystemLoopException.class, Errno.ELOOP),
            Map.entry(UserPrincipalNotFoundException.class, Errno.EINVAL),
            Map.entry(ReadOnlyFileSystemException.class, Errno.EROFS),
            Map.entry(InvalidPathException.class, Errno.EINVAL),
            Map.entry(NonWritableChannelException.class, Errno.EBADF),
            Map.entry(SecurityException.class, Errno.EACCES),
            Map.entry(CharacterCodingException.class, Errno.EILSEQ),
            Map.entry(UnsupportedOperationException.class, Errno.EOPNOTSUPP),
            Map.entry(InterruptedIOException.class, Errno.EINTR),
            Map.entry(EOFException.class, Errno.EIO),
            Map.entry(OutOfMemoryError.class, Errno.ENOMEM));

    /** Errors for which Java has no class: what Linux calls them is in the text. */
    private static final List<Integer> TEXTS = List.of(
            Errno.ENOSPC,
            Errno.EDQUOT,
            Errno.EROFS,
            Errno.EISDIR,
            Errno.ENOTDIR,
            Errno.ENOTEMPTY,
            Errno.ENAMETOOLONG,
            Errno.EXDEV,
            Errno.EPERM,
            Errno.EFBIG,
            Errno.EMFILE,
            Errno.ENFILE,
            Errno.ELOOP,
            Errno.EBUSY,
            Errno.ETXTBSY,
            Errno.EMLINK,
            Errno.EINVAL,
            Errno.ESTALE,
            Errno.EOPNOTSUPP);

    private ThrownErrno() {}

    /**
     * What to answer.
     *
     * @return {@code -errno}
     */
    public static int of(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            int known = ofOne(cause);
            if (known != 0) {
                return -known;
            }
            cause = causeOf(cause);
        }
        if (!(thrown instanceof IOException || thrown instanceof UncheckedIOException)) {
            LOG.log(Level.DEBUG, "a provider of files failed, and the client gets EIO", thrown);
        }
        return -Errno.EIO;
    }

    private static @Nullable Throwable causeOf(Throwable thrown) {
        return thrown instanceof IOException || thrown instanceof RuntimeException ? thrown.getCause() : null;
    }

    private static int ofOne(Throwable thrown) {
        if (thrown instanceof Known known) {
            return known.errno();
        }
        for (Class<?> type = thrown.getClass(); type != null && type != Throwable.class; type = type.getSuperclass()) {
            Integer errno = CLASSES.get(type);
            if (errno != null) {
                return errno;
            }
        }
        boolean hasText = thrown instanceof IOException && !(thrown instanceof DirectoryIteratorException);
        return hasText ? ofText((IOException) thrown) : 0;
    }

    private static int ofText(IOException thrown) {
        if (thrown.getClass().getSimpleName().contains("QuotaExceeded")) {
            return Errno.EDQUOT;
        }
        String told = thrown instanceof FileSystemException named ? named.getReason() : thrown.getMessage();
        if (told == null) {
            return 0;
        }
        for (int errno : TEXTS) {
            if (told.contains(Errno.message(errno))) {
                return errno;
            }
        }
        String lower = told.toLowerCase(Locale.ROOT);
        if (lower.contains("quota exceeded")) {
            return Errno.EDQUOT;
        }
        return lower.contains("out of disk space") || lower.contains("no space left") ? Errno.ENOSPC : 0;
    }
}

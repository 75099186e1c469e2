package dev.oriel.filesystem.path;

import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an open file. Calls answer 0, a count or {@code -errno}, or throw what the provider throws. Any thread.
 */
interface FileContent {
    long size() throws IOException;

    /** When it was changed, if the provider does not know that yet. */
    default @Nullable Instant modified() {
        return null;
    }

    long read(long offset, IoVector to) throws IOException;

    long write(long offset, IoVector from) throws IOException;

    /** Writes behind the end of the file, wherever that is. */
    long append(IoVector from) throws IOException;

    /** Sets the size: what the file grows by is zeros. */
    int truncate(long size) throws IOException;

    /** Sees that the file has at least so many bytes: what it grows by is zeros. */
    default int grow(long size) throws IOException {
        return size() < size ? truncate(size) : 0;
    }

    /** Makes bytes zeros, as far as the file has them. */
    default int zero(long offset, long length) throws IOException {
        return -Errno.EOPNOTSUPP;
    }

    int flush() throws IOException;

    int sync(boolean dataOnly) throws IOException;

    int close() throws IOException;
}

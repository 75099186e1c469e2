package dev.oriel.hadoop;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.util.EnumSet;
import java.util.concurrent.Semaphore;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIsNotEmptyDirectoryException;
import org.apache.hadoop.fs.permission.FsPermission;
import org.jspecify.annotations.Nullable;

/**
 * A file system of whole objects, as S3: what is written is seen when its stream is closed, at once and by all, and
 * until then there is what was there before. Nothing is appended, no mode, owner or time is kept, and what gets another
 * name is copied. For all threads.
 */
final class ObjectStore {
    /** A client of S3 has three parts of an object in memory for each. */
    private static final int MOST_STREAMS = 4;

    private static final int MOST_PUTS = 4;
    private static final int BUFFER = 64 << 10;

    private final FileSystem files;
    private final Semaphore streams = new Semaphore(MOST_STREAMS);
    private final Semaphore puts = new Semaphore(MOST_PUTS);
    private final long begun = System.currentTimeMillis();

    /** What a file is to hold, on its way. */
    @FunctionalInterface
    interface Content {
        void writeTo(FSDataOutputStream out) throws IOException;
    }

    private ObjectStore(FileSystem files) {
        this.files = files;
    }

    /** A file system as one; null if it is none. */
    static @Nullable ObjectStore of(FileSystem files, Path root) throws IOException {
        return files.hasPathCapability(root, CommonPathCapabilities.ABORTABLE_STREAM) ? new ObjectStore(files) : null;
    }

    /** When directories were changed, ms: the store does not tell, and with each look it would be another time. */
    long begun() {
        return begun;
    }

    /** Whether one more file may stream; {@link #endStream} then. Others are staged. */
    boolean tryStream() {
        return streams.tryAcquire();
    }

    void endStream() {
        streams.release();
    }

    /** A stream to what a file is to hold. It is to be closed, or {@link #abort given up}. */
    FSDataOutputStream stream(Path path) throws IOException {
        return files.create(
                path,
                FsPermission.getFileDefault(),
                EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE),
                BUFFER,
                files.getDefaultReplication(path),
                files.getDefaultBlockSize(path),
                null);
    }

    /** Gives a stream up: the file is as it was. */
    static void abort(FSDataOutputStream out) throws IOException {
        try (FSDataOutputStream closed = out) {
            var _ = closed.abort();
        }
    }

    /** Makes a file hold something in one step; if it cannot be had, or not be written, the file is as it was. */
    void put(Path path, Content content) throws IOException {
        puts.acquireUninterruptibly();
        try {
            FSDataOutputStream out = stream(path);
            boolean isComplete = false;
            try {
                content.writeTo(out);
                isComplete = true;
            } finally {
                if (!isComplete) {
                    abort(out);
                }
            }
            out.close();
        } finally {
            puts.release();
        }
    }

    /**
     * Renames. The new name has all or nothing of a file at any time, and the old one goes after; a directory in which
     * there is something cannot be moved in one step, and is not.
     *
     * @throws AtomicMoveNotSupportedException for such a directory
     */
    void rename(Path from, Path to, boolean replaces) throws IOException {
        FileStatus source = files.getFileStatus(from);
        FileStatus target = status(to);
        if (target != null && !replaces) {
            throw new FileAlreadyExistsException(to + " is there");
        }
        if (source.isDirectory()) {
            move(from, to, target);
        } else if (target == null) {
            if (!files.rename(from, to)) {
                throw new IOException(from + " was not renamed to " + to);
            }
        } else {
            // Hadoop's rename refuses a name that is there; and to remove that first would leave a time without it
            put(to, out -> {
                try (InputStream in = files.open(from)) {
                    long _ = in.transferTo(out);
                }
            });
            boolean _ = files.delete(from, false);
        }
    }

    private @Nullable FileStatus status(Path path) throws IOException {
        try {
            return files.getFileStatus(path);
        } catch (java.io.FileNotFoundException absent) {
            return null;
        }
    }

    private void move(Path from, Path to, @Nullable FileStatus target) throws IOException {
        if (files.listStatusIterator(from).hasNext()) {
            throw new AtomicMoveNotSupportedException(from.toString(), to.toString(), "there is something in it");
        }
        if (target == null) {
            if (!files.mkdirs(to)) {
                throw new IOException(to + " was not made");
            }
        } else if (files.listStatusIterator(to).hasNext()) {
            throw new PathIsNotEmptyDirectoryException(to.toString());
        }
        boolean _ = files.delete(from, false);
    }
}

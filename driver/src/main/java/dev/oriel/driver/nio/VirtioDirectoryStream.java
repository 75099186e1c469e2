package dev.oriel.driver.nio;

import dev.oriel.driver.DirectoryEntry;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The entries of a directory, read from the device as they are asked for. */
final class VirtioDirectoryStream implements DirectoryStream<Path> {
    private final VirtioPath path;
    private final Node node;
    private final OpenFile directory;
    private final DirectoryStream.Filter<? super Path> filter;
    private boolean iterated;
    private boolean closed;

    private VirtioDirectoryStream(
            VirtioPath path, Node node, OpenFile directory, DirectoryStream.Filter<? super Path> filter) {
        this.path = path;
        this.node = node;
        this.directory = directory;
        this.filter = filter;
    }

    static VirtioDirectoryStream open(VirtioPath path, DirectoryStream.Filter<? super Path> filter) throws IOException {
        VirtioFileSystem fileSystem = path.getFileSystem();
        Node node = fileSystem.find(path, true);
        try {
            if (!node.attributes().isDirectory()) {
                throw new FuseException("list " + path, Errno.ENOTDIR);
            }
            OpenFile directory =
                    fileSystem.client().files().opendir(node.nodeid, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
            return new VirtioDirectoryStream(path, node, directory, filter);
        } catch (FuseException failed) {
            node.close();
            throw Failures.of(failed, path);
        }
    }

    @Override
    public synchronized Iterator<Path> iterator() {
        if (iterated || closed) {
            throw new IllegalStateException("a directory stream can be iterated once, while it is open");
        }
        iterated = true;
        return new Entries();
    }

    /** Those of a part of the directory; none at its end or after the stream was closed. */
    private synchronized List<DirectoryEntry> read(long offset) {
        if (closed) {
            return List.of();
        }
        try {
            return path.getFileSystem().client().files().readdir(directory, offset);
        } catch (FuseException failed) {
            throw new DirectoryIteratorException(Failures.of(failed, path));
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (node) {
            path.getFileSystem().client().files().releasedir(directory);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    private final class Entries implements Iterator<Path> {
        private Iterator<DirectoryEntry> part = List.<DirectoryEntry>of().iterator();
        private long offset;
        private boolean ended;
        private @Nullable Path next;

        @Override
        public boolean hasNext() {
            while (next == null && !ended) {
                if (part.hasNext()) {
                    next = accept(part.next());
                } else {
                    part = read(offset).iterator();
                    ended = !part.hasNext();
                }
            }
            return next != null;
        }

        private @Nullable Path accept(DirectoryEntry entry) {
            offset = entry.offset();
            byte[] name = entry.name();
            boolean dots = name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
            if (dots) {
                return null;
            }
            Path resolved = path.resolve(name);
            try {
                return filter.accept(resolved) ? resolved : null;
            } catch (IOException failed) {
                throw new DirectoryIteratorException(failed);
            }
        }

        @Override
        public Path next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Path found = Objects.requireNonNull(next);
            next = null;
            return found;
        }
    }
}

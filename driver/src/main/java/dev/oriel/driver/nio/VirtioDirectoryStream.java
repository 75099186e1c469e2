package dev.oriel.driver.nio;

import dev.oriel.driver.DirectoryEntry;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.ClosedDirectoryStreamException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a directory, read from the device as they are asked for. Relative paths begin at the very directory
 * that was opened, also when it is moved or something else takes its name.
 */
final class VirtioDirectoryStream implements SecureDirectoryStream<Path> {
    private final VirtioPath path;
    /** The nodes from the root to the directory. */
    private final List<Node> way;

    private final OpenFile directory;
    private final DirectoryStream.Filter<? super Path> filter;
    private final FuseClient client;
    private boolean iterated;
    private boolean closed;

    private VirtioDirectoryStream(
            VirtioPath path,
            FuseClient client,
            List<Node> way,
            OpenFile directory,
            DirectoryStream.Filter<? super Path> filter) {
        this.path = path;
        this.client = client;
        this.way = way;
        this.directory = directory;
        this.filter = filter;
    }

    static VirtioDirectoryStream open(Place place, boolean follow, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        VirtioFileSystem fileSystem = place.fileSystem();
        FuseClient client = fileSystem.client();
        List<Node> way = place.way(follow);
        VirtioDirectoryStream stream;
        try {
            Node node = way.getLast();
            if (!node.attributes().isDirectory()) {
                throw new FuseException("list " + place, Errno.ENOTDIR);
            }
            OpenFile directory = client.files().opendir(node.nodeid, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
            stream = new VirtioDirectoryStream(place.shown(), client, way, directory, filter);
        } catch (FuseException failed) {
            way.forEach(Node::close);
            throw Failures.of(failed, place.shown());
        }
        fileSystem.opened(stream);
        return stream;
    }

    /** The directory, as it was opened. */
    VirtioPath path() {
        return path;
    }

    /**
     * The nodes from the root to the directory; to be closed.
     *
     * @throws ClosedDirectoryStreamException if the stream is closed
     */
    synchronized List<Node> shareWay() {
        if (closed) {
            throw new ClosedDirectoryStreamException();
        }
        NodeTable nodes = path.getFileSystem().nodes();
        return way.stream().map(nodes::share).toList();
    }

    private Place place(Path relative) {
        VirtioPath virtio = VirtioPath.of(relative);
        synchronized (this) {
            if (closed) {
                throw new ClosedDirectoryStreamException();
            }
        }
        return Place.in(this, virtio);
    }

    @Override
    public SecureDirectoryStream<Path> newDirectoryStream(Path relative, LinkOption... options) throws IOException {
        return open(place(relative), VirtioFileSystemProvider.follows(options), _ -> true);
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path relative, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return VirtioFileChannel.open(
                place(relative),
                ChannelOptions.of(options),
                VirtioFileSystemProvider.mode(VirtioFileChannel.FILE_MODE, attributes));
    }

    @Override
    public void deleteFile(Path relative) throws IOException {
        VirtioFileSystemProvider.delete(place(relative), false);
    }

    @Override
    public void deleteDirectory(Path relative) throws IOException {
        VirtioFileSystemProvider.delete(place(relative), true);
    }

    @Override
    public void move(Path source, SecureDirectoryStream<Path> targetDirectory, Path target) throws IOException {
        Objects.requireNonNull(targetDirectory);
        if (!(targetDirectory instanceof VirtioDirectoryStream other)) {
            throw new ProviderMismatchException("the target is not in a virtio-fs share");
        }
        Place from = place(source);
        Place to = other.place(target);
        if (from.fileSystem() != to.fileSystem()) {
            throw new AtomicMoveNotSupportedException(
                    from.toString(), to.toString(), "they are in different file systems");
        }
        CopyAndMove.rename(from, to);
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(Class<V> type) {
        return getFileAttributeView(VirtioPath.parse(path.getFileSystem(), ""), type);
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path relative, Class<V> type, LinkOption... options) {
        return VirtioFileSystemProvider.view(
                Place.in(this, VirtioPath.of(relative)), VirtioFileSystemProvider.follows(options), type);
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
            return client.files().readdir(directory, offset);
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
        path.getFileSystem().closed(this);
        try {
            client.files().releasedir(directory);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        } finally {
            way.forEach(Node::close);
        }
    }

    private final class Entries implements Iterator<Path> {
        private Iterator<DirectoryEntry> part = List.<DirectoryEntry>of().iterator();
        private long offset;
        private boolean itself;
        private boolean parent;
        private boolean ended;
        private @Nullable Path next;

        @Override
        public boolean hasNext() {
            while (next == null && !ended) {
                if (part.hasNext()) {
                    next = accept(part.next());
                } else {
                    List<DirectoryEntry> read = read(offset);
                    ended = read.isEmpty();
                    if (!ended && read.getLast().offset() == offset) {
                        throw wrong("the device goes on where it was");
                    }
                    part = read.iterator();
                }
            }
            return next != null;
        }

        private @Nullable Path accept(DirectoryEntry entry) {
            offset = entry.offset();
            byte[] name = entry.name();
            if (VirtioPath.isDots(name)) {
                checkOnce(name);
                return null;
            }
            Path resolved = path.resolve(name);
            try {
                return filter.accept(resolved) ? resolved : null;
            } catch (IOException failed) {
                throw new DirectoryIteratorException(failed);
            }
        }

        /** A directory lists itself and its parent once: one that goes on with them would never end. */
        private void checkOnce(byte[] dots) {
            boolean before = dots.length == 1 ? itself : parent;
            itself |= dots.length == 1;
            parent |= dots.length == 2;
            if (before) {
                throw wrong("the device lists . or .. twice");
            }
        }

        private DirectoryIteratorException wrong(String what) {
            ended = true;
            return new DirectoryIteratorException(
                    Failures.of(new FuseException("list " + path + " (" + what + ")", Errno.EIO), path));
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

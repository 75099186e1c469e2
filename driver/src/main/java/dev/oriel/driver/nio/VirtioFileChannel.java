package dev.oriel.driver.nio;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FileLocks;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.FuseFiles;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FlockBuffer;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a share. Reads and writes are requests; mapped memory is a pinned range of the DAX window where there is one, and a
 * copy else.
 */
final class VirtioFileChannel extends FileChannel {
    /** What new files are made with, as most umasks would have it: the umask of this process is not known to Java. */
    static final int FILE_MODE = 0644;

    private static final int TRANSFER_SIZE = 1 << 20;
    private static final AtomicLong OWNERS = new AtomicLong();

    private final VirtioPath path;
    private final FuseClient client;
    private final Node node;
    private final OpenFile file;
    private final boolean reads;
    private final boolean writes;
    private final boolean appends;
    private final boolean syncs;
    private final boolean deletes;
    private final long lockOwner = OWNERS.incrementAndGet();
    private final Object positionLock = new Object();
    private long position;

    private VirtioFileChannel(VirtioPath path, Node node, OpenFile file, Set<? extends OpenOption> options) {
        this.path = path;
        this.node = node;
        this.file = file;
        client = path.getFileSystem().client();
        appends = options.contains(StandardOpenOption.APPEND);
        writes = appends || options.contains(StandardOpenOption.WRITE);
        reads = !writes || options.contains(StandardOpenOption.READ);
        syncs = options.contains(StandardOpenOption.SYNC) || options.contains(StandardOpenOption.DSYNC);
        deletes = options.contains(StandardOpenOption.DELETE_ON_CLOSE);
    }

    static VirtioFileChannel open(VirtioPath path, Set<? extends OpenOption> options, int mode) throws IOException {
        for (OpenOption option : options) {
            if (!(option instanceof StandardOpenOption) && option != LinkOption.NOFOLLOW_LINKS) {
                throw new UnsupportedOperationException("the option " + option + " is not known");
            }
        }
        boolean append = options.contains(StandardOpenOption.APPEND);
        boolean write = append || options.contains(StandardOpenOption.WRITE);
        boolean truncate = write && options.contains(StandardOpenOption.TRUNCATE_EXISTING);
        if (append && (options.contains(StandardOpenOption.READ) || truncate)) {
            throw new IllegalArgumentException("APPEND goes neither with READ nor with TRUNCATE_EXISTING");
        }
        int access = !write
                ? OpenFlags.O_RDONLY
                : options.contains(StandardOpenOption.READ) ? OpenFlags.O_RDWR : OpenFlags.O_WRONLY;
        int flags = access | (append ? OpenFlags.O_APPEND : 0);
        try {
            if (write && options.contains(StandardOpenOption.CREATE_NEW)) {
                return create(path, options, flags, mode);
            }
            try {
                return openExisting(path, options, flags, truncate);
            } catch (NoSuchFileException missing) {
                if (!write || !options.contains(StandardOpenOption.CREATE)) {
                    throw missing;
                }
            }
            return create(path, options, flags, mode);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    private static VirtioFileChannel openExisting(
            VirtioPath path, Set<? extends OpenOption> options, int flags, boolean truncate) throws IOException {
        VirtioFileSystem fileSystem = path.getFileSystem();
        Node node = fileSystem.find(path, !options.contains(LinkOption.NOFOLLOW_LINKS));
        try {
            if (!node.attributes().isRegularFile()) {
                int errno = node.attributes().isDirectory()
                        ? Errno.EISDIR
                        : node.attributes().isSymbolicLink() ? Errno.ELOOP : Errno.EOPNOTSUPP;
                throw new FuseException("open " + path, errno);
            }
            OpenFile file = fileSystem.client().files().open(node.nodeid, flags);
            if (truncate) {
                // by a request of its own, which every server knows
                node.attributes(fileSystem
                        .client()
                        .setattr(node.nodeid, new AttributeChange().size(0).by(file)));
            }
            return new VirtioFileChannel(path, node, file, options);
        } catch (FuseException | RuntimeException failed) {
            node.close();
            throw failed;
        }
    }

    private static VirtioFileChannel create(VirtioPath path, Set<? extends OpenOption> options, int flags, int mode)
            throws IOException {
        VirtioFileSystem fileSystem = path.getFileSystem();
        try (Node parent = fileSystem.findParent(path)) {
            FuseFiles.Created created = fileSystem
                    .client()
                    .files()
                    .create(
                            parent.nodeid,
                            VirtioFileSystemProvider.lastName(path),
                            flags | OpenFlags.O_CREAT | OpenFlags.O_EXCL,
                            mode);
            return new VirtioFileChannel(path, fileSystem.nodes().enter(created.entry()), created.file(), options);
        }
    }

    private void checkReadable() throws IOException {
        checkOpen();
        if (!reads) {
            throw new NonReadableChannelException();
        }
    }

    private void checkWritable() throws IOException {
        checkOpen();
        if (!writes) {
            throw new NonWritableChannelException();
        }
    }

    private void checkOpen() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        checkReadable();
        synchronized (positionLock) {
            int read = readAt(target, position);
            position += Math.max(0, read);
            return read;
        }
    }

    @Override
    public int read(ByteBuffer target, long at) throws IOException {
        checkReadable();
        if (at < 0) {
            throw new IllegalArgumentException("a position before the file: " + at);
        }
        return readAt(target, at);
    }

    private int readAt(ByteBuffer target, long at) throws IOException {
        if (!target.hasRemaining()) {
            return 0;
        }
        try {
            int read = (int) client.files().read(file, at, MemorySegment.ofBuffer(target));
            target.position(target.position() + read);
            return read == 0 ? -1 : read;
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        long sum = 0;
        for (int i = offset; i < offset + length; i++) {
            int wanted = targets[i].remaining();
            int read = read(targets[i]);
            if (read < 0) {
                return sum == 0 && wanted > 0 ? -1 : sum;
            }
            sum += read;
            if (read < wanted) {
                break;
            }
        }
        return sum;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        checkWritable();
        synchronized (positionLock) {
            if (appends) {
                position = size();
            }
            int written = writeAt(source, position);
            position += written;
            return written;
        }
    }

    @Override
    public int write(ByteBuffer source, long at) throws IOException {
        checkWritable();
        if (at < 0) {
            throw new IllegalArgumentException("a position before the file: " + at);
        }
        return writeAt(source, at);
    }

    private int writeAt(ByteBuffer source, long at) throws IOException {
        try {
            int written = (int) client.files().write(file, at, MemorySegment.ofBuffer(source));
            source.position(source.position() + written);
            if (syncs) {
                client.files().fsync(file, true);
            }
            return written;
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        long sum = 0;
        for (int i = offset; i < offset + length; i++) {
            sum += write(sources[i]);
        }
        return sum;
    }

    @Override
    public long position() throws IOException {
        checkOpen();
        synchronized (positionLock) {
            return appends ? size() : position;
        }
    }

    @Override
    public FileChannel position(long newPosition) throws IOException {
        checkOpen();
        if (newPosition < 0) {
            throw new IllegalArgumentException("a position before the file: " + newPosition);
        }
        synchronized (positionLock) {
            position = newPosition;
        }
        return this;
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        try {
            return client.getattr(file).size();
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        checkWritable();
        if (size < 0) {
            throw new IllegalArgumentException("a size below 0: " + size);
        }
        synchronized (positionLock) {
            if (size < size()) {
                resize(size);
            }
            position = Math.min(position, size);
        }
        return this;
    }

    private void resize(long size) throws IOException {
        try {
            DaxDevice dax = client.dax().orElse(null);
            if (dax != null) {
                dax.release(node.nodeid);
            }
            node.attributes(
                    client.setattr(node.nodeid, new AttributeChange().size(size).by(file)));
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public void force(boolean metaData) throws IOException {
        checkOpen();
        try {
            client.files().fsync(file, !metaData);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        checkReadable();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(TRANSFER_SIZE, Math.max(1, count)));
        long done = 0;
        while (done < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
            if (read(buffer, from + done) <= 0) {
                break;
            }
            buffer.flip();
            int written = target.write(buffer);
            done += written;
            if (buffer.hasRemaining()) {
                break;
            }
        }
        return done;
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long to, long count) throws IOException {
        checkWritable();
        if (to > size()) {
            return 0;
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(TRANSFER_SIZE, Math.max(1, count)));
        long done = 0;
        while (done < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
            if (source.read(buffer) <= 0) {
                break;
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                done += write(buffer, to + done);
            }
        }
        return done;
    }

    /**
     * Maps part of the file: a pinned range of the DAX window, until the buffer is garbage or the file system closed. Without a window
     * READ_ONLY and PRIVATE give a copy. {@link MappedByteBuffer#force()} does nothing; {@link #force} does.
     */
    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) throws IOException {
        checkReadable();
        if (from < 0 || size < 0 || size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a buffer for " + size + " bytes at " + from);
        }
        boolean write = mode.equals(MapMode.READ_WRITE);
        if (write) {
            checkWritable();
        }
        DaxDevice dax = client.dax().filter(DaxDevice::pinnable).orElse(null);
        if (write && dax == null) {
            throw new UnsupportedOperationException(
                    "the share of " + path + " has no DAX window, so a file can be mapped READ_ONLY and PRIVATE only");
        }
        if (from + size > size()) {
            if (!writes) {
                throw new IOException(path + " ends before the range to map");
            }
            resize(from + size);
        }
        if (dax == null || size == 0 || mode.equals(MapMode.PRIVATE)) {
            return copy(from, (int) size, mode);
        }
        try {
            return PinnedBuffer.map(dax, path.getFileSystem().nodes(), node, from, size, write);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    private MappedByteBuffer copy(long from, int size, MapMode mode) throws IOException {
        ByteBuffer copy = ByteBuffer.allocateDirect(size);
        while (copy.hasRemaining() && readAt(copy, from + copy.position()) > 0) {
            // as much as there is; what the file lost meanwhile stays zero
        }
        copy.clear();
        return (MappedByteBuffer) (mode.equals(MapMode.READ_ONLY) ? copy.asReadOnlyBuffer() : copy);
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        FileLock lock = newLock(from, size, shared);
        try {
            client.locks().await(file, lockOwner, wire(lock, true), false);
            return lock;
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public @Nullable FileLock tryLock(long from, long size, boolean shared) throws IOException {
        FileLock lock = newLock(from, size, shared);
        try {
            client.locks().set(file, lockOwner, wire(lock, true), false);
            return lock;
        } catch (FuseException failed) {
            if (failed.errno() == Errno.EAGAIN || failed.errno() == Errno.EACCES) {
                return null;
            }
            throw Failures.of(failed, path);
        }
    }

    private static FileLocks.Lock wire(FileLock lock, boolean held) {
        int type = !held ? FlockBuffer.F_UNLCK : lock.isShared() ? FlockBuffer.F_RDLCK : FlockBuffer.F_WRLCK;
        long last = lock.size() > Long.MAX_VALUE - lock.position() ? Long.MAX_VALUE : lock.position() + lock.size() - 1;
        return new FileLocks.Lock(
                lock.position(), last, type, (int) ProcessHandle.current().pid());
    }

    private FileLock newLock(long from, long size, boolean shared) throws IOException {
        if (shared) {
            checkReadable();
        } else {
            checkWritable();
        }
        return new FileLock(this, from, size == 0 ? Long.MAX_VALUE - from : size, shared) {
            private boolean released;

            @Override
            public synchronized boolean isValid() {
                return !released && isOpen();
            }

            @Override
            public synchronized void release() throws IOException {
                checkOpen();
                if (!released) {
                    released = true;
                    client.locks().set(file, lockOwner, wire(this, false), false);
                }
            }
        };
    }

    @Override
    protected void implCloseChannel() throws IOException {
        try (node) {
            try {
                if (writes) {
                    client.files().flush(file, lockOwner);
                }
            } finally {
                client.files().release(file);
                if (deletes) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (FuseException failed) {
            // a server without FLUSH has nothing to tell
            if (failed.errno() != Errno.ENOSYS) {
                throw Failures.of(failed, path);
            }
        }
    }
}

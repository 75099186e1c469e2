package dev.oriel.driver.nio;

import java.io.IOException;
import java.lang.foreign.Arena;
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
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a share. Reads and writes are requests; mapped memory is a pinned range of the DAX window where there
 * is one, and a copy else. A directory can be opened for reading, to be forced.
 */
final class VirtioFileChannel extends FileChannel {
    /** What new files are made with, as most umasks would have it: the umask of this process is not known to Java. */
    static final int FILE_MODE = 0644;

    private static final int TRANSFER_SIZE = 1 << 20;

    private final OpenNode open;
    private final ChannelOptions options;
    private final ChannelLocks locks;
    private final FileMappings mappings;
    private final Object positionLock = new Object();
    private long position;

    private VirtioFileChannel(OpenNode open, ChannelOptions options) {
        this.open = open;
        this.options = options;
        locks = new ChannelLocks(this, open);
        mappings = new FileMappings(open);
    }

    /** @param mode of what is created */
    static VirtioFileChannel open(Place place, ChannelOptions options, int mode) throws IOException {
        VirtioFileChannel channel = new VirtioFileChannel(OpenNode.open(place, options, mode), options);
        place.fileSystem().opened(channel);
        return channel;
    }

    private void checkReadable() throws ClosedChannelException {
        checkOpen();
        if (!options.reads()) {
            throw new NonReadableChannelException();
        }
    }

    private void checkWritable() throws ClosedChannelException {
        checkOpen();
        if (!options.writes()) {
            throw new NonWritableChannelException();
        }
    }

    private void checkOpen() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    private static void checkNotNegative(long value, String what) {
        if (value < 0) {
            throw new IllegalArgumentException("a negative " + what + ": " + value);
        }
    }

    /** Performs an operation in which a thread may be interrupted: that closes the channel. */
    private <T> T blocking(OpenNode.Operation<T> operation) throws IOException {
        boolean completed = false;
        try {
            begin();
            T result = open.use(operation);
            completed = true;
            return result;
        } finally {
            end(completed);
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        checkReadable();
        checkNotReadOnly(target);
        synchronized (positionLock) {
            int read = blocking(() -> open.read(target, position));
            position += Math.max(0, read);
            return read;
        }
    }

    @Override
    public int read(ByteBuffer target, long at) throws IOException {
        checkNotNegative(at, "position");
        checkReadable();
        checkNotReadOnly(target);
        return blocking(() -> open.read(target, at));
    }

    static void checkNotReadOnly(ByteBuffer target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("the buffer to read into is read-only");
        }
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, targets.length);
        checkReadable();
        synchronized (positionLock) {
            long sum = 0;
            for (int i = offset; i < offset + length; i++) {
                int wanted = targets[i].remaining();
                int read = wanted == 0 ? 0 : read(targets[i]);
                if (read < 0) {
                    return sum == 0 ? -1 : sum;
                }
                sum += read;
                if (read < wanted) {
                    break;
                }
            }
            return sum;
        }
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        checkWritable();
        synchronized (positionLock) {
            int written = blocking(() -> {
                if (options.appends()) {
                    position = open.size();
                }
                return open.write(source, position);
            });
            position += written;
            return written;
        }
    }

    @Override
    public int write(ByteBuffer source, long at) throws IOException {
        checkNotNegative(at, "position");
        checkWritable();
        return blocking(() -> open.write(source, at));
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, sources.length);
        checkWritable();
        synchronized (positionLock) {
            long sum = 0;
            for (int i = offset; i < offset + length; i++) {
                int wanted = sources[i].remaining();
                int written = wanted == 0 ? 0 : write(sources[i]);
                sum += written;
                if (written < wanted) {
                    break;
                }
            }
            return sum;
        }
    }

    @Override
    public long position() throws IOException {
        checkOpen();
        synchronized (positionLock) {
            return options.appends() ? size() : position;
        }
    }

    @Override
    public FileChannel position(long newPosition) throws IOException {
        checkOpen();
        checkNotNegative(newPosition, "position");
        synchronized (positionLock) {
            position = newPosition;
        }
        return this;
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        return blocking(open::size);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        checkOpen();
        checkNotNegative(size, "size");
        checkWritable();
        synchronized (positionLock) {
            boolean _ = blocking(() -> {
                if (size < open.size()) {
                    open.resize(size);
                }
                return true;
            });
            position = Math.min(position, size);
        }
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        checkOpen();
        boolean _ = blocking(() -> {
            open.force(metaData);
            return true;
        });
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        checkReadable();
        if (!target.isOpen()) {
            throw new ClosedChannelException();
        }
        checkNotNegative(from, "position");
        checkNotNegative(count, "count");
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(TRANSFER_SIZE, Math.max(1, count)));
        long done = 0;
        while (done < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
            if (read(buffer, from + done) <= 0) {
                break;
            }
            buffer.flip();
            done += target.write(buffer);
            if (buffer.hasRemaining()) {
                break;
            }
        }
        return done;
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long to, long count) throws IOException {
        checkOpen();
        if (!source.isOpen()) {
            throw new ClosedChannelException();
        }
        checkWritable();
        checkNotNegative(to, "position");
        checkNotNegative(count, "count");
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
     * Maps part of the file: a pinned range of the DAX window, until the buffer is garbage or the file system closed.
     * Without a window READ_ONLY and PRIVATE give a copy. {@link MappedByteBuffer#force()} does nothing; {@link #force}
     * does.
     */
    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) throws IOException {
        checkMap(mode, from, size);
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a buffer for " + size + " bytes; map it into an arena");
        }
        return blocking(() -> mappings.map(mode, from, (int) size, options.writes()));
    }

    /**
     * Maps part of the file of any size: a pinned range of the DAX window, until the arena is closed, also beyond the
     * end of the channel and of the file system. Without a window READ_ONLY and PRIVATE give a copy. {@link #force}
     * writes back, {@link MemorySegment#force()} does not in all cases: the device may show copies.
     */
    @Override
    public MemorySegment map(MapMode mode, long from, long size, Arena arena) throws IOException {
        Objects.requireNonNull(arena);
        checkMap(mode, from, size);
        return blocking(() -> mappings.map(mode, from, size, arena, options.writes()));
    }

    private void checkMap(MapMode mode, long from, long size) throws IOException {
        Objects.requireNonNull(mode);
        checkOpen();
        if (!mode.equals(MapMode.READ_ONLY) && !mode.equals(MapMode.READ_WRITE) && !mode.equals(MapMode.PRIVATE)) {
            throw new UnsupportedOperationException("a share does not know the mode " + mode);
        }
        checkNotNegative(from, "position");
        checkNotNegative(size, "size");
        if (from > Long.MAX_VALUE - size) {
            throw new IllegalArgumentException("a range of " + size + " bytes at " + from);
        }
        if (!mode.equals(MapMode.READ_ONLY) && !options.writes()) {
            throw new NonWritableChannelException();
        }
        if (!options.reads()) {
            throw new NonReadableChannelException();
        }
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        FileLock lock = newLock(from, size, shared);
        locks.enter(lock);
        locks.lock(lock);
        return lock;
    }

    @Override
    public @Nullable FileLock tryLock(long from, long size, boolean shared) throws IOException {
        FileLock lock = newLock(from, size, shared);
        locks.enter(lock);
        return locks.tryLock(lock) ? lock : null;
    }

    private FileLock newLock(long from, long size, boolean shared) throws IOException {
        checkOpen();
        if (shared) {
            checkReadable();
        } else {
            checkWritable();
        }
        return new VirtioFileLock(this, locks, from, VirtioFileLock.size(from, size), shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        open.place().fileSystem().closed(this);
        open.close(locks);
    }
}

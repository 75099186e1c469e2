package dev.oriel.driver.nio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** An open file of a share whose operations are performed by the threads of an executor. */
final class VirtioAsynchronousFileChannel extends AsynchronousFileChannel {
    /** Threads of all channels that were given no executor; they end when there is nothing to do. */
    private static final class Threads {
        static final ExecutorService SHARED = Executors.newCachedThreadPool(
                task -> Thread.ofPlatform().daemon().name("oriel-asynchronous").unstarted(task));

        private Threads() {}
    }

    private final OpenNode open;
    private final ChannelOptions options;
    private final ChannelLocks locks;
    private final @Nullable ExecutorService given;
    private volatile boolean closed;

    private VirtioAsynchronousFileChannel(OpenNode open, ChannelOptions options, @Nullable ExecutorService executor) {
        this.open = open;
        this.options = options;
        given = executor;
        locks = new ChannelLocks(this, open);
    }

    /** @param executor null: threads of this provider */
    static VirtioAsynchronousFileChannel open(
            Place place, ChannelOptions options, int mode, @Nullable ExecutorService executor) throws IOException {
        if (options.appends()) {
            throw new UnsupportedOperationException("APPEND: each operation of this channel has a position");
        }
        var channel = new VirtioAsynchronousFileChannel(OpenNode.open(place, options, mode), options, executor);
        place.fileSystem().opened(channel);
        return channel;
    }

    private void checkReadable() {
        if (!options.reads()) {
            throw new NonReadableChannelException();
        }
    }

    private void checkWritable() {
        if (!options.writes()) {
            throw new NonWritableChannelException();
        }
    }

    /** Performs an operation on another thread. */
    private <T extends @Nullable Object> CompletableFuture<T> submit(OpenNode.Operation<T> operation) {
        CompletableFuture<T> future = new CompletableFuture<>();
        if (closed) {
            future.completeExceptionally(new ClosedChannelException());
            return future;
        }
        (given == null ? Threads.SHARED : given).execute(() -> {
            try {
                future.complete(operation.perform());
            } catch (ClosedChannelException meanwhile) {
                AsynchronousCloseException failure = new AsynchronousCloseException();
                failure.initCause(meanwhile);
                future.completeExceptionally(failure);
            } catch (IOException | RuntimeException failed) {
                future.completeExceptionally(failed);
            } catch (Error failed) {
                future.completeExceptionally(failed);
                throw failed;
            }
        });
        return future;
    }

    private static <T extends @Nullable Object, A extends @Nullable Object> void tell(
            CompletableFuture<T> future, A attachment, CompletionHandler<T, ? super A> handler) {
        var _ = future.whenComplete((result, failure) -> {
            if (failure == null) {
                handler.completed(result, attachment);
            } else {
                handler.failed(failure, attachment);
            }
        });
    }

    private CompletableFuture<Integer> submitRead(ByteBuffer target, long position) {
        checkPosition(position);
        VirtioFileChannel.checkNotReadOnly(target);
        checkReadable();
        return submit(() -> open.use(() -> open.read(target, position)));
    }

    private CompletableFuture<Integer> submitWrite(ByteBuffer source, long position) {
        checkPosition(position);
        checkWritable();
        return submit(() -> open.use(() -> open.write(source, position)));
    }

    private static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("a negative position: " + position);
        }
    }

    @Override
    public <A extends @Nullable Object> void read(
            ByteBuffer target, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
        tell(submitRead(target, position), attachment, handler);
    }

    @Override
    public Future<Integer> read(ByteBuffer target, long position) {
        return submitRead(target, position);
    }

    @Override
    public <A extends @Nullable Object> void write(
            ByteBuffer source, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
        tell(submitWrite(source, position), attachment, handler);
    }

    @Override
    public Future<Integer> write(ByteBuffer source, long position) {
        return submitWrite(source, position);
    }

    private CompletableFuture<FileLock> submitLock(long position, long size, boolean shared) {
        FileLock lock = newLock(position, size, shared);
        if (closed) {
            return submit(() -> lock);
        }
        locks.enter(lock);
        try {
            return submit(() -> {
                locks.lock(lock);
                return lock;
            });
        } catch (RejectedExecutionException refused) {
            locks.leave(lock);
            throw refused;
        }
    }

    private FileLock newLock(long position, long size, boolean shared) {
        if (shared) {
            checkReadable();
        } else {
            checkWritable();
        }
        return new VirtioFileLock(this, locks, position, VirtioFileLock.size(position, size), shared);
    }

    @Override
    public <A extends @Nullable Object> void lock(
            long position, long size, boolean shared, A attachment, CompletionHandler<FileLock, ? super A> handler) {
        tell(submitLock(position, size, shared), attachment, handler);
    }

    @Override
    public Future<FileLock> lock(long position, long size, boolean shared) {
        return submitLock(position, size, shared);
    }

    @Override
    public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
        checkOpen();
        FileLock lock = newLock(position, size, shared);
        locks.enter(lock);
        return locks.tryLock(lock) ? lock : null;
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        return open.use(open::size);
    }

    @Override
    public AsynchronousFileChannel truncate(long size) throws IOException {
        if (size < 0) {
            throw new IllegalArgumentException("a negative size: " + size);
        }
        checkOpen();
        checkWritable();
        boolean _ = open.use(() -> {
            if (size < open.size()) {
                open.resize(size);
            }
            return true;
        });
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        checkOpen();
        boolean _ = open.use(() -> {
            open.force(metaData);
            return true;
        });
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        open.place().fileSystem().closed(this);
        open.close(locks);
    }
}

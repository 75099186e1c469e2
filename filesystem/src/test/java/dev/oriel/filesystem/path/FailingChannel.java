package dev.oriel.filesystem.path;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A channel of {@link FailingFiles}: each call is told before it is made, and what closes it after. */
final class FailingChannel extends FileChannel {
    private final FileChannel real;
    private final Runnable called;
    private final Runnable closed;

    FailingChannel(FileChannel real, Runnable called, Runnable closed) {
        this.real = real;
        this.called = called;
        this.closed = closed;
    }

    private FileChannel real() {
        called.run();
        return real;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        return real().read(to);
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) throws IOException {
        return real().read(to, offset, length);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return real().write(from);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        return real().write(from, offset, length);
    }

    @Override
    public long position() throws IOException {
        return real().position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
        return real().position(position);
    }

    @Override
    public long size() throws IOException {
        return real().size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        return real().truncate(size);
    }

    @Override
    public void force(boolean metaData) throws IOException {
        real().force(metaData);
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        return real().transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) throws IOException {
        return real().transferFrom(source, position, count);
    }

    @Override
    public int read(ByteBuffer to, long position) throws IOException {
        return real().read(to, position);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
        return real().write(from, position);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        return real().map(mode, position, size);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return real().lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return real().tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        closed.run();
        real.close();
        called.run();
    }
}

package dev.oriel.filesystem.path;

import dev.oriel.linux.IoVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A file that the provider reads and writes at any position. */
final class ChannelContent implements FileContent {
    private final SeekableByteChannel channel;

    /** Held while a position counts, and while the end of the file does. */
    private final ReentrantLock lock = new ReentrantLock();

    private ChannelContent(SeekableByteChannel channel) {
        this.channel = channel;
    }

    /**
     * Opens a file, or makes it, and follows no link.
     *
     * @throws UnsupportedOperationException if the provider has no such channels
     */
    static ChannelContent open(Path path, Set<OpenOption> options) throws IOException {
        Set<OpenOption> all = new HashSet<>(options);
        all.add(LinkOption.NOFOLLOW_LINKS);
        try {
            return new ChannelContent(Files.newByteChannel(path, all));
        } catch (UnsupportedOperationException | IllegalArgumentException unknown) {
            // Some do not know that option. That it is no link was seen before.
            return new ChannelContent(Files.newByteChannel(path, options));
        }
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public long read(long offset, IoVector to) throws IOException {
        long done = 0;
        for (int i = 0; i < to.count(); i++) {
            ByteBuffer piece = to.segment(i).asByteBuffer();
            while (piece.hasRemaining()) {
                int before = piece.position();
                int count = read(piece, offset + done);
                done += piece.position() - before;
                if (count <= 0 || piece.position() == before) {
                    return done;
                }
            }
        }
        return done;
    }

    private int read(ByteBuffer to, long offset) throws IOException {
        if (channel instanceof FileChannel file) {
            return file.read(to, offset);
        }
        lock.lock();
        try {
            channel.position(offset);
            return channel.read(to);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long write(long offset, IoVector from) throws IOException {
        long done = 0;
        for (int i = 0; i < from.count(); i++) {
            ByteBuffer piece = from.segment(i).asByteBuffer();
            while (piece.hasRemaining()) {
                int before = piece.position();
                int count = write(piece, offset + done);
                done += piece.position() - before;
                if (count <= 0 || piece.position() == before) {
                    return done;
                }
            }
        }
        return done;
    }

    private int write(ByteBuffer from, long offset) throws IOException {
        if (channel instanceof FileChannel file) {
            return file.write(from, offset);
        }
        lock.lock();
        try {
            channel.position(offset);
            return channel.write(from);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long append(IoVector from) throws IOException {
        lock.lock();
        try {
            return write(channel.size(), from);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int truncate(long size) throws IOException {
        lock.lock();
        try {
            long now = channel.size();
            if (size < now) {
                channel.truncate(size);
            } else if (size > now) {
                // What lies between is zeros with all providers that are known, though the interface leaves it open.
                write(ByteBuffer.wrap(new byte[1]), size - 1);
            }
            return 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int flush() {
        return 0;
    }

    @Override
    public int sync(boolean dataOnly) throws IOException {
        if (channel instanceof FileChannel file) {
            file.force(!dataOnly);
        }
        return 0;
    }

    @Override
    public int close() throws IOException {
        channel.close();
        return 0;
    }
}

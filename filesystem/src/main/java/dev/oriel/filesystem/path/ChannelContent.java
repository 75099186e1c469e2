package dev.oriel.filesystem.path;

import dev.oriel.filesystem.ThrownErrno;
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
import org.jspecify.annotations.Nullable;

/** A file that the provider reads and writes at any position. */
final class ChannelContent implements FileContent {
    private final FileChannel channel;

    /** Held while the end of the file counts: the file's own, whoever has it open. */
    private volatile ReentrantLock end = new ReentrantLock();

    private ChannelContent(FileChannel channel) {
        this.channel = channel;
    }

    /** Whoever else appends to the file, or sets its size, holds this meanwhile. */
    void shareEnd(ReentrantLock lock) {
        end = lock;
    }

    /**
     * Opens a file, or makes it, and follows no link.
     *
     * @return null if the provider's channel is another one: it may have written nothing before it is closed, when
     *     nobody can be told
     * @throws UnsupportedOperationException if the provider has no channels
     */
    static @Nullable ChannelContent open(Path path, Set<OpenOption> options) throws IOException {
        Set<OpenOption> all = new HashSet<>(options);
        all.add(LinkOption.NOFOLLOW_LINKS);
        SeekableByteChannel channel;
        try {
            channel = Files.newByteChannel(path, all);
        } catch (UnsupportedOperationException | IllegalArgumentException unknown) {
            // Some do not know that option. That it is no link was seen before.
            channel = Files.newByteChannel(path, options);
        }
        if (channel instanceof FileChannel file) {
            return new ChannelContent(file);
        }
        try {
            channel.close();
        } catch (IOException | RuntimeException | Error further) {
            int _ = ThrownErrno.of(further); // nothing was written by it
        }
        return null;
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
                int count = channel.read(piece, offset + done);
                done += piece.position() - before;
                if (count <= 0 || piece.position() == before) {
                    return done;
                }
            }
        }
        return done;
    }

    @Override
    public long write(long offset, IoVector from) throws IOException {
        long done = 0;
        for (int i = 0; i < from.count(); i++) {
            ByteBuffer piece = from.segment(i).asByteBuffer();
            while (piece.hasRemaining()) {
                int before = piece.position();
                int count = channel.write(piece, offset + done);
                done += piece.position() - before;
                if (count <= 0 || piece.position() == before) {
                    return done;
                }
            }
        }
        return done;
    }

    @Override
    public long append(IoVector from) throws IOException {
        ReentrantLock lock = end;
        lock.lock();
        try {
            return write(channel.size(), from);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int truncate(long size) throws IOException {
        return resize(size, true);
    }

    @Override
    public int grow(long size) throws IOException {
        return resize(size, false);
    }

    private int resize(long size, boolean mayShrink) throws IOException {
        ReentrantLock lock = end;
        lock.lock();
        try {
            long now = channel.size();
            if (size < now && mayShrink) {
                channel.truncate(size);
            } else if (size > now) {
                // What lies between is zeros with all providers that are known, though the interface leaves it open.
                channel.write(ByteBuffer.wrap(new byte[1]), size - 1);
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
        channel.force(!dataOnly);
        return 0;
    }

    @Override
    public int close() throws IOException {
        channel.close();
        return 0;
    }
}

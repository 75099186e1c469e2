package dev.oriel.filesystem.path;

import dev.oriel.filesystem.ThrownErrno;
import dev.oriel.filesystem.staging.StagedBytes;
import dev.oriel.filesystem.staging.StagedStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A file that the provider reads from its beginning, and writes as a whole. */
final class StreamStore implements StagedStore {
    private static final int COPY = 16 << 10;

    /** Held while the file is written under its name, and while that changes. */
    final ReentrantLock naming = new ReentrantLock();

    private final PathViews views;
    private volatile Path path;
    private @Nullable InputStream stream;
    private long position;

    StreamStore(PathViews views, Path path) {
        this.views = views;
        this.path = path;
    }

    /** It has another name now. */
    void path(Path now) {
        path = now;
    }

    @Override
    public Version version() throws IOException {
        PathStat stat = views.read(path);
        return new Version(stat.size(), Arrays.asList(stat.modified(), stat.key()));
    }

    @Override
    public int read(long offset, ByteBuffer to) throws IOException {
        InputStream in = stream;
        if (in == null || offset < position) {
            rest();
            in = Files.newInputStream(path);
            stream = in;
            position = 0;
        }
        try {
            in.skipNBytes(offset - position);
            position = offset;
            byte[] bytes = new byte[Math.min(to.remaining(), COPY)];
            int count = in.read(bytes);
            if (count > 0) {
                to.put(bytes, 0, count);
                position += count;
            }
            return count;
        } catch (IOException | RuntimeException | Error failed) {
            // Where it stands is not known any more.
            stream = null;
            close(in);
            throw failed;
        }
    }

    private static void close(InputStream in) {
        try {
            in.close();
        } catch (IOException | RuntimeException | Error further) {
            int _ = ThrownErrno.of(further); // what came first is told
        }
    }

    @Override
    public void rest() throws IOException {
        InputStream in = stream;
        stream = null;
        if (in != null) {
            in.close();
        }
    }

    @Override
    public void replace(StagedBytes bytes) throws IOException {
        naming.lock();
        try {
            Path target = path;
            Path temporary = target.resolveSibling(".oriel-" + UUID.randomUUID());
            try {
                views.makeForOwner(temporary);
                try (OutputStream out = Files.newOutputStream(temporary, StandardOpenOption.WRITE)) {
                    bytes.writeTo(0, out);
                }
                rest();
                copyAttributes(target, temporary);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException | RuntimeException | Error failed) {
                delete(temporary);
                throw failed;
            }
        } finally {
            naming.unlock();
        }
    }

    /** What can be kept of the attributes of the file that is replaced. */
    private void copyAttributes(Path from, Path to) throws IOException {
        PathStat wanted = views.read(from);
        PathXattrs.copy(from, to);
        try {
            boolean _ = views.setOwner(to, views.read(to), wanted.uid(), wanted.gid());
        } catch (IOException | UnsupportedOperationException notOurs) {
            int _ = ThrownErrno.of(notOurs); // as where a program replaces a file of another user: it is its own then
        }
        try {
            boolean _ = views.setMode(to, views.read(to), wanted.mode());
        } catch (UnsupportedOperationException none) {
            int _ = ThrownErrno.of(none); // there are no modes
        }
    }

    private static void delete(Path temporary) {
        try {
            boolean _ = Files.deleteIfExists(temporary);
        } catch (IOException | RuntimeException | Error further) {
            int _ = ThrownErrno.of(further); // what came first is told
        }
    }
}

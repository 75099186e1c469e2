package dev.oriel.driver.nio;

import dev.oriel.driver.AttributeChange;
import dev.oriel.driver.DaxDevice;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseException;
import dev.oriel.driver.FuseFiles;
import dev.oriel.driver.OpenFile;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.NoSuchFileException;

/**
 * An open file or directory, as channels use it. A directory can be forced and asked for its size; reading it is
 * EISDIR, as on Linux. Any thread; closing waits for the operations that are under way.
 */
final class OpenNode {
    private final Place place;
    private final Node node;
    private final OpenFile file;
    private final ChannelOptions options;
    private final boolean directory;
    private final FuseClient client;
    private final Usage usage = new Usage();

    private OpenNode(Place place, Node node, OpenFile file, ChannelOptions options) {
        this.place = place;
        this.node = node;
        this.file = file;
        this.options = options;
        directory = node.attributes().isDirectory();
        client = place.fileSystem().client();
    }

    /** @param mode of what is created */
    static OpenNode open(Place place, ChannelOptions options, int mode) throws IOException {
        try {
            if (options.createsNew()) {
                return create(place, options, mode);
            }
            try {
                return openExisting(place, options);
            } catch (NoSuchFileException missing) {
                if (!options.creates()) {
                    throw missing;
                }
            }
            return create(place, options, mode);
        } catch (FuseException failed) {
            throw Failures.of(failed, place.shown());
        }
    }

    private static OpenNode openExisting(Place place, ChannelOptions options) throws IOException {
        FuseClient client = place.fileSystem().client();
        Node node = place.find(options.follows());
        try {
            boolean directory = node.attributes().isDirectory();
            if (directory ? options.writes() : !node.attributes().isRegularFile()) {
                int errno =
                        directory ? Errno.EISDIR : node.attributes().isSymbolicLink() ? Errno.ELOOP : Errno.EOPNOTSUPP;
                throw new FuseException("open " + place, errno);
            }
            FuseFiles files = client.files();
            OpenFile file = directory
                    ? files.opendir(node.nodeid, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY)
                    : files.open(node.nodeid, options.flags());
            try {
                if (options.truncates()) {
                    // by a request of its own, which every server knows
                    node.attributes(client.setattr(
                            node.nodeid, new AttributeChange().size(0).by(file)));
                }
                return new OpenNode(place, node, file, options);
            } catch (FuseException | RuntimeException failed) {
                abandon(client, file, failed);
                throw failed;
            }
        } catch (FuseException | RuntimeException failed) {
            node.close();
            throw failed;
        }
    }

    private static OpenNode create(Place place, ChannelOptions options, int mode) throws IOException {
        FuseClient client = place.fileSystem().client();
        try (Node parent = place.findParent()) {
            byte[] name = place.newName();
            FuseFiles.Created created = client.files()
                    .create(parent.nodeid, name, options.flags() | OpenFlags.O_CREAT | OpenFlags.O_EXCL, mode);
            try {
                return new OpenNode(place, place.fileSystem().nodes().enter(created.entry()), created.file(), options);
            } catch (FuseException | RuntimeException failed) {
                abandon(client, created.file(), failed);
                throw failed;
            }
        }
    }

    /** Gives up an open file that nobody will use. */
    private static void abandon(FuseClient client, OpenFile file, Exception why) {
        try {
            client.files().release(file);
        } catch (FuseException failed) {
            why.addSuppressed(failed);
        }
    }

    Place place() {
        return place;
    }

    Node node() {
        return node;
    }

    OpenFile file() {
        return file;
    }

    FuseClient client() {
        return client;
    }

    boolean isDirectory() {
        return directory;
    }

    /** An operation of a device, on the open file. */
    interface Operation<T> {
        T perform() throws IOException;
    }

    /** Performs an operation, while which this is not closed. */
    <T> T use(Operation<T> operation) throws IOException {
        if (!usage.enter()) {
            throw new ClosedChannelException();
        }
        try {
            return operation.perform();
        } catch (FuseException failed) {
            throw Failures.of(failed, place.shown());
        } finally {
            usage.leave();
        }
    }

    /** A directory has no bytes. */
    void checkFile(String what) throws FuseException {
        if (directory) {
            throw new FuseException(what + " " + place, Errno.EISDIR);
        }
    }

    /**
     * Reads as much as there is room for, or less if this is being closed: bytes, or -1 at the end of the file. What
     * failed after some bytes fails the next time.
     */
    int read(ByteBuffer target, long position) throws IOException {
        checkFile("read");
        MemorySegment memory = MemorySegment.ofBuffer(target);
        int most = client.maxTransfer();
        int done = 0;
        while (target.hasRemaining() && (done == 0 || !usage.isClosed())) {
            int wanted = Math.min(most, target.remaining());
            long read;
            try {
                read = client.files().read(file, position + done, memory.asSlice(done, wanted));
            } catch (FuseException failed) {
                if (done == 0) {
                    throw failed;
                }
                break;
            }
            target.position(target.position() + (int) read);
            done += (int) read;
            if (read < wanted) {
                break;
            }
        }
        return done == 0 && target.hasRemaining() ? -1 : done;
    }

    /** Writes all, or less if this is being closed: bytes. What failed after some bytes fails the next time. */
    int write(ByteBuffer source, long position) throws IOException {
        checkFile("write");
        MemorySegment memory = MemorySegment.ofBuffer(source);
        int most = client.maxTransfer();
        int done = 0;
        while (source.hasRemaining() && (done == 0 || !usage.isClosed())) {
            int wanted = Math.min(most, source.remaining());
            long written;
            try {
                written = client.files().write(file, position + done, memory.asSlice(done, wanted));
            } catch (FuseException failed) {
                if (done == 0) {
                    throw failed;
                }
                break;
            }
            source.position(source.position() + (int) written);
            done += (int) written;
        }
        if (options.syncs() && done > 0) {
            client.files().fsync(file, !options.syncsMetadata());
        }
        return done;
    }

    long size() throws IOException {
        return directory
                ? client.getattr(node.nodeid).size()
                : client.getattr(file).size();
    }

    void resize(long size) throws IOException {
        checkFile("change the size of");
        DaxDevice dax = client.dax().orElse(null);
        if (dax != null) {
            dax.release(node.nodeid);
        }
        node.attributes(
                client.setattr(node.nodeid, new AttributeChange().size(size).by(file)));
    }

    /** A server without FSYNC has nothing to write back, as Linux takes it. */
    void force(boolean metaData) throws IOException {
        try {
            if (directory) {
                client.files().fsyncdir(file, !metaData);
            } else {
                client.files().fsync(file, !metaData);
            }
        } catch (FuseException failed) {
            if (failed.errno() != Errno.ENOSYS) {
                throw failed;
            }
        }
    }

    /** Closes the file when nobody uses it any more. */
    void close(ChannelLocks locks) throws IOException {
        usage.close();
        try (node) {
            try {
                locks.close();
                if (options.writes()) {
                    flush(locks.owner());
                }
            } finally {
                release();
            }
        } catch (FuseException failed) {
            throw Failures.of(failed, place.shown());
        }
    }

    /** A server without FLUSH has nothing to tell. */
    private void flush(long owner) throws FuseException {
        try {
            client.files().flush(file, owner);
        } catch (FuseException failed) {
            if (failed.errno() != Errno.ENOSYS) {
                throw failed;
            }
        }
    }

    private void release() throws IOException {
        if (directory) {
            client.files().releasedir(file);
            return;
        }
        client.files().release(file);
        if (options.deletes()) {
            VirtioFileSystemProvider.deleteIfExists(place);
        }
    }
}

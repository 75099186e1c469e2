package dev.oriel.hadoop;

import dev.oriel.filesystem.staging.StagedBytes;
import dev.oriel.filesystem.staging.StagedStore;
import dev.oriel.linux.Errno;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.protocol.HdfsFileStatus;
import org.jspecify.annotations.Nullable;

/** One file of a cluster, as it is staged. Under the lock of its staged file, but for {@link #forget}. */
final class HadoopStore implements StagedStore {
    /** What is written under a temporary name begins so; guests do not see it. */
    static final String TEMPORARY = ".oriel-staged-";

    private static final System.Logger LOG = System.getLogger("dev.oriel.hadoop");

    private static final int BUFFER = 64 << 10;

    private record Stamp(
            long inode, long size, long modified, @Nullable String etag) {
        static Stamp of(FileStatus status) {
            long inode = status instanceof HdfsFileStatus hdfs ? hdfs.getFileId() : 0;
            String etag = status instanceof EtagSource object ? object.getEtag() : null;
            return new Stamp(inode, status.getLen(), status.getModificationTime(), etag);
        }
    }

    private final Cluster cluster;
    private final Place place;

    private @Nullable FSDataInputStream input;
    private volatile boolean isStale;
    private volatile @Nullable Stamp opened;
    private final ReadAhead ahead;

    HadoopStore(Cluster cluster, Place place) {
        this.cluster = cluster;
        this.place = place;
        ahead = new ReadAhead(cluster.readAhead(), cluster.readers());
    }

    /** What was opened for reading is not what there is to read any more. Any thread. */
    void forget() {
        isStale = true;
        cluster.replacements().changed();
    }

    /** Whether the cluster tells of the file as of another than the one that was asked for last. Any thread. */
    boolean isAnother(FileStatus status) {
        Stamp known = opened;
        return known != null && !known.equals(Stamp.of(status));
    }

    private void closeInput() {
        FSDataInputStream open = input;
        input = null;
        ahead.forget(open);
    }

    @Override
    public Version version() throws IOException {
        FileStatus status = cluster.files().getFileStatus(place.path());
        Stamp stamp = Stamp.of(status);
        if (!stamp.equals(opened)) {
            closeInput();
            opened = stamp;
        }
        return new Version(status.getLen(), stamp);
    }

    @Override
    public int read(long offset, ByteBuffer to) throws IOException {
        int begun = to.position();
        try {
            return tryRead(offset, to);
        } catch (IOException lost) {
            if (HadoopErrno.of(lost) == -Errno.ESTALE) {
                // another object: what was read before is not of this one
                throw new IOException("Stale file handle: another object is there by now", lost);
            }
            // once more, from the beginning on: what was open may know of servers that are not there any more
            to.position(begun);
            closeInput();
            return tryRead(offset, to);
        }
    }

    private int tryRead(long offset, ByteBuffer to) throws IOException {
        if (isStale) {
            isStale = false;
            closeInput();
        }
        FSDataInputStream in = input;
        if (in == null) {
            in = cluster.files().open(place.path());
            input = in;
        }
        Stamp known = opened;
        return ahead.read(in, known == null ? 0 : known.size(), offset, to, ThreadBytes.atLeast(to.remaining()));
    }

    @Override
    public long atHand(long offset) {
        return isStale ? 0 : ahead.atHand(offset);
    }

    @Override
    public boolean readsAhead(long offset) {
        return !isStale && ahead.has(offset);
    }

    @Override
    public boolean replaceTail(long from, StagedBytes bytesNow) throws IOException {
        if (cluster.objects() != null) {
            return false;
        }
        Path file = place.path();
        FileStatus status = cluster.files().getFileStatus(file);
        if (status.getLen() != from) {
            return false;
        }
        FSDataOutputStream out;
        try {
            out = cluster.files().append(file);
        } catch (IOException | UnsupportedOperationException refused) {
            if (HadoopErrno.of(refused) == -Errno.EOPNOTSUPP) {
                return false; // an erasure-coded file, as the name node says it
            }
            throw refused;
        }
        write(from, bytesNow, out);
        forget();
        return true;
    }

    private static void write(long from, StagedBytes bytesNow, FSDataOutputStream out) throws IOException {
        try (OutputStream closed = out) {
            bytesNow.writeTo(from, closed);
            if (out.hasCapability("hsync")) {
                out.hsync();
            }
        }
    }

    @Override
    public void replace(StagedBytes bytesNow) throws IOException {
        FileSystem files = cluster.files();
        Path file = place.path();
        FileStatus status = files.getFileStatus(file);
        ObjectStore objects = cluster.objects();
        if (objects != null) {
            try {
                objects.put(file, out -> bytesNow.writeTo(0, out));
            } finally {
                forget();
            }
            return;
        }
        String name = TEMPORARY + UUID.randomUUID();
        Path temporary = cluster.child(place.folder(), name);
        boolean done = false;
        boolean renaming = false;
        try {
            FSDataOutputStream out;
            try {
                out = create(temporary, status);
            } catch (FileNotFoundException gone) {
                // the file was moved, and the folder where it was is not there any more
                temporary = cluster.child(cluster.root(), name);
                out = create(temporary, status);
            }
            write(0, bytesNow, out);
            // as they are now: they may have been set meanwhile
            copyAttributes(files.getFileStatus(file), file, temporary);
            long now = files.getFileStatus(temporary) instanceof HdfsFileStatus hdfs ? hdfs.getFileId() : 0;
            renaming = true;
            cluster.replacements().begin(place.inode(), now);
            try {
                try {
                    cluster.rename(temporary, file, true);
                } catch (IOException lost) {
                    // its answer may be lost, and not what it did
                    if (now <= 0 || isThere(temporary) || !isThere(cluster.rawInodePath(now))) {
                        throw lost;
                    }
                }
                done = true;
            } finally {
                cluster.replacements().end(place.inode(), now, done);
            }
        } finally {
            // some stores remove the file before they rename: then the temporary one is all that there is
            if (!done && (!renaming || isThere(file))) {
                remove(temporary);
            } else if (!done) {
                LOG.log(Level.WARNING, "{0} is not there any more; what it was to hold is in {1}", file, temporary);
            }
            forget();
        }
    }

    private FSDataOutputStream create(Path temporary, FileStatus like) throws IOException {
        // a folder that is missing is not made
        return cluster.files()
                .create(
                        temporary,
                        like.getPermission(),
                        EnumSet.of(CreateFlag.CREATE),
                        BUFFER,
                        like.getReplication(),
                        like.getBlockSize(),
                        null);
    }

    private boolean isThere(Path file) {
        try {
            FileStatus _ = cluster.files().getFileStatus(file);
            return true;
        } catch (IOException | RuntimeException unknown) {
            return false;
        }
    }

    private void remove(Path temporary) {
        try {
            boolean _ = cluster.files().delete(temporary, false);
        } catch (IOException | RuntimeException stays) {
            LOG.log(Level.WARNING, "{0} could not be removed: {1}", temporary, stays.getMessage());
        }
    }

    private void copyAttributes(FileStatus from, Path file, Path to) throws IOException {
        FileSystem files = cluster.files();
        files.setPermission(to, from.getPermission());
        cluster.give(
                to,
                files.getFileStatus(to),
                cluster.users().number(from.getOwner()),
                cluster.groups().number(from.getGroup()));
        try {
            for (Map.Entry<String, byte[]> attribute : files.getXAttrs(file).entrySet()) {
                if (attribute.getKey().startsWith("user.")) {
                    files.setXAttr(to, attribute.getKey(), attribute.getValue());
                }
            }
            if (from.hasAcl()) {
                files.setAcl(to, AccessLists.all(files, file));
            } else if (files.getFileStatus(to).hasAcl()) {
                // that of the folder, for what is new there
                files.removeAcl(to);
                files.setPermission(to, from.getPermission());
            }
        } catch (IOException | UnsupportedOperationException refused) {
            if (HadoopErrno.of(refused) != -Errno.EOPNOTSUPP) {
                throw refused;
            }
            LOG.log(Level.DEBUG, "{0} has no such attributes", files.getUri());
        }
    }

    @Override
    public void rest() {
        closeInput();
        ahead.close();
    }
}

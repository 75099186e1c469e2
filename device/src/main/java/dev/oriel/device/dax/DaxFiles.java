package dev.oriel.device.dax;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Opened;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.OpenFlags;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of which something is in the window, each opened by the device itself for as long as that is so. Not for
 * several threads, but for {@link #concerns}.
 */
final class DaxFiles {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private final boolean direct;
    private final StandIn standIn;
    private final UnwrittenPages unwritten;
    private final Map<Long, DaxFile> files = new HashMap<>();
    private final NodeCounts concerned = new NodeCounts();
    private final Opened opened = new Opened();

    /** @param direct whether the front-end maps pages of files */
    DaxFiles(boolean direct, StandIn standIn, UnwrittenPages unwritten) {
        this.direct = direct;
        this.standIn = standIn;
        this.unwritten = unwritten;
    }

    /**
     * Whether a copy of something of this node may have to be kept in step. Takes no lock and allocates nothing; any
     * thread.
     */
    boolean concerns(long nodeid) {
        return concerned.contains(nodeid);
    }

    /** The nodes that {@link #concerns} tells of. */
    long[] concerned() {
        return concerned.nodes();
    }

    @Nullable
    DaxFile get(long nodeid) {
        return files.get(nodeid);
    }

    /**
     * Opens a file that is not open yet.
     *
     * @return 0, and {@link #get} finds it; or an errno
     */
    int open(FileSystemSession session, long nodeid) {
        DaxFile unopened = new DaxFile(
                nodeid, FileSystemSession.NO_HANDLE, DaxFile.NO_DESCRIPTOR, direct, false, DaxFile.NO_DESCRIPTOR);
        int error = standIn.lookAt(session, unopened);
        if (error != 0) {
            return error;
        }
        if ((standIn.attributes().mode & FileMode.S_IFMT) != FileMode.S_IFREG) {
            return -Errno.ENODEV;
        }
        boolean writable = true;
        opened.clear();
        error = session.open(InternalRequest.INSTANCE, nodeid, OpenFlags.O_RDWR, 0, opened);
        if (error == -Errno.EACCES || error == -Errno.EPERM || error == -Errno.EROFS || error == -Errno.ETXTBSY) {
            writable = false;
            opened.clear();
            error = session.open(InternalRequest.INSTANCE, nodeid, OpenFlags.O_RDONLY, 0, opened);
        }
        if (error != 0) {
            return error;
        }
        long fh = opened.fh;
        int descriptor = session.descriptor(nodeid, fh);
        // Whoever maps a file waits for its file system; and the front-end tells of what it maps as memory of the
        // guest, which this process then maps too.
        boolean mappable = writable && descriptor >= 0 && MemoryFile.unsuitable(descriptor) == null;
        files.put(
                nodeid,
                new DaxFile(nodeid, fh, mappable ? descriptor : DaxFile.NO_DESCRIPTOR, direct, writable, descriptor));
        return 0;
    }

    /** A mapping of a file is about to be made. What happens to the file from now on has to be told to the window. */
    void add(DaxMapping mapping) {
        mapping.file.mappings.add(mapping);
        if (mapping.hasStandIn()) {
            concerned.add(mapping.file.nodeid);
        }
    }

    /** The client may store through a mapping from now on. */
    void becomeWritable(DaxMapping mapping) {
        standIn.becomeWritable(mapping);
        showUnwritten(mapping);
    }

    /** A mapping is gone, or was not made. */
    void remove(DaxMapping mapping) {
        mapping.file.mappings.remove(mapping);
        if (mapping.hasStandIn()) {
            concerned.remove(mapping.file.nodeid);
        }
    }

    /** Closes a file of which there is nothing any more. */
    void drop(FileSystemSession session, DaxFile file) {
        if (file.isUnused() && files.remove(file.nodeid, file)) {
            int _ = session.release(InternalRequest.INSTANCE, file.nodeid, file.fh, OpenFlags.O_RDWR, 0, 0);
        }
    }

    /** Keeps what of a range of the window could not be written. */
    void keepUnwritten(DaxMapping mapping, long from, long to) {
        DaxFile file = mapping.file;
        standIn.takeUnwritten(mapping, from, to, (offset, memory, at, length) -> {
            long kept = unwritten.put(memory, at);
            if (kept < 0) {
                LOG.log(
                        Level.ERROR,
                        "There is no room to keep more of what could not be written: bytes {0} to {1} of node {2} are"
                                + " lost, and fsync tells the guest",
                        Long.toString(offset),
                        Long.toString(offset + length),
                        Long.toString(file.nodeid));
                return;
            }
            if (file.unwritten.isEmpty()) {
                concerned.add(file.nodeid);
            }
            forget(file.unwritten.put(offset, new DaxFile.Unwritten(kept, length)));
        });
    }

    private void forget(DaxFile.@Nullable Unwritten page) {
        if (page != null) {
            unwritten.remove(page.at());
        }
    }

    /** Takes a page out that was kept. */
    private void removeUnwritten(DaxFile file, long offset) {
        forget(file.unwritten.remove(offset));
        if (file.unwritten.isEmpty()) {
            concerned.remove(file.nodeid);
        }
    }

    /** Shows what of a file could not be written in a stand-in of it, which writes it from now on if it may. */
    void showUnwritten(DaxMapping mapping) {
        DaxFile file = mapping.file;
        for (long offset : offsets(file)) {
            DaxFile.Unwritten page = file.unwritten.get(offset);
            if (page != null
                    && standIn.show(
                            mapping, offset, page.length(), unwritten.memory().segment(), page.at())) {
                removeUnwritten(file, offset);
            }
        }
    }

    private static long[] offsets(DaxFile file) {
        return file.unwritten.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    /**
     * Tries to write again what could not be written.
     *
     * @return 0, or the errno of what still cannot
     */
    int writeUnwritten(FileSystemSession session, DaxFile file) {
        if (file.unwritten.isEmpty()) {
            return 0;
        }
        int error = standIn.observe(session, file);
        boolean written = false;
        for (long offset : offsets(file)) {
            DaxFile.Unwritten page = file.unwritten.get(offset);
            if (error != 0 || page == null) {
                return error;
            }
            long length = Math.min(page.length(), file.size - offset);
            if (length > 0) {
                error = standIn.write(session, file, offset, unwritten.memory(), page.at(), length);
            }
            if (error == 0) {
                removeUnwritten(file, offset);
                written = true;
            }
        }
        if (written) {
            standIn.written(session, file);
        }
        return error;
    }

    /** Bytes of a file were changed by request: what is kept of it takes them over, and ends where the file does. */
    void changed(FileSystemSession session, DaxFile file, long from, long to) {
        for (long offset : offsets(file)) {
            DaxFile.Unwritten page = file.unwritten.get(offset);
            if (page == null) {
                continue;
            }
            int length = Math.clamp(file.size - offset, 0, page.length());
            if (length == 0) {
                removeUnwritten(file, offset);
                continue;
            }
            file.unwritten.put(offset, new DaxFile.Unwritten(page.at(), length));
            long first = Math.max(from, offset);
            long last = Math.min(to, offset + length);
            if (first < last) {
                MemorySegment bytes = unwritten.memory().segment().asSlice(page.at() + first - offset, last - first);
                int _ = standIn.read(session, file, first, bytes);
            }
        }
    }

    /** The session ends: what could not be written is lost. */
    void clear(FileSystemSession session) {
        try {
            for (DaxFile file : files.values().toArray(DaxFile[]::new)) {
                for (long offset : offsets(file)) {
                    removeUnwritten(file, offset);
                }
                file.mappings.clear();
                drop(session, file);
            }
        } finally {
            files.clear();
            concerned.clear();
        }
    }
}

package dev.oriel.device;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryFile;
import dev.oriel.linux.OpenFlags;
import dev.oriel.virtio.SharedMemoryRegion;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.LongStream;

/**
 * The DAX window: shared memory region 0 of the device (virtio 1.4, section 5.11.6.5), which ranges of files are mapped into at the
 * client's wish. Toward the client the meaning is the specification's: a new mapping replaces what it overlaps, a part of one may be taken
 * away, and at the end of the session all are gone.
 *
 * <p>A range is served by the file's own pages as far as they can be mapped whole, and by a {@link StandIn stand-in} from there on (see
 * {@link DaxMapping}). What changes a file by request must tell the window, see {@link DaxSession}.
 *
 * <p>The lock is held while the other side answers. Whoever must not wait asks {@link #concerns} first, which takes none.
 */
final class DaxWindow implements AutoCloseable {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    /** The size of the ranges that Linux asks for ({@code FUSE_DAX_SHIFT}). */
    static final long LINUX_RANGE = 2 << 20;

    private static final long[] NONE = {};

    /** No node has this id. */
    private static final long NO_NODE = 0;

    private final long length;
    private final boolean direct;
    private final WindowMappings other;
    private final StagingMemory memory;
    private final StandIn standIn;
    private final TreeMap<Long, DaxMapping> mappings = new TreeMap<>();
    private final Map<Long, DaxFile> files = new HashMap<>();
    private final Map<Long, Integer> lost = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final FuseOpenOut opened = new FuseOpenOut();
    private final MemorySegment openedMemory = Arena.ofAuto().allocate(FuseOpenOut.SIZE, Long.BYTES);

    /** The nodes that have a stand-in, in order; replaced whole. */
    private volatile long[] concerned = NONE;

    /** The node that is being mapped: its bytes may be read already, while the other side has not answered. */
    private volatile long mapping = NO_NODE;

    /**
     * @param region where the window is mapped; whoever gave it takes all mappings away when he closes the window
     * @param direct whether pages of files are mapped themselves, if the region can; if not, all is stand-in
     */
    DaxWindow(SharedMemoryRegion region, boolean direct) throws LinuxException {
        length = region.length();
        other = new WindowMappings(region);
        memory = new StagingMemory(region);
        this.direct = direct && !memory.isWindow();
        standIn = new StandIn(memory);
        opened.at(openedMemory, 0, ByteOrder.nativeOrder());
    }

    /** The device was reset, and is silent: what the other side has mapped is in doubt from now on. */
    void silence() {
        lock.lock();
        try {
            other.doubt();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a stand-in of this node may have to be kept in step. Takes no lock and allocates nothing. What is read of a file for a stand-in is
     * read after this has become true.
     */
    boolean concerns(long nodeid) {
        long[] nodes = concerned;
        return nodeid == mapping || (nodes.length != 0 && Arrays.binarySearch(nodes, nodeid) >= 0);
    }

    /**
     * SETUPMAPPING.
     *
     * @return 0 or an errno
     */
    int setup(FileSystemSession session, long nodeid, long fileOffset, long size, long flags, long offset) {
        if (size <= 0
                || fileOffset < 0
                || offset < 0
                || ((size | fileOffset | offset) & (StandIn.PAGE - 1)) != 0
                || offset > length
                || size > length - offset
                || fileOffset > Long.MAX_VALUE - size
                || (flags & ~(FuseFlags.SETUPMAPPING_READ | FuseFlags.SETUPMAPPING_WRITE)) != 0) {
            return -Errno.EINVAL;
        }
        boolean write = (flags & FuseFlags.SETUPMAPPING_WRITE) != 0;
        lock.lock();
        try {
            DaxMapping there = mappings.get(offset);
            if (there != null && there.isOf(nodeid, fileOffset, size)) {
                return upgrade(there, write);
            }
            clear(session, offset, size);
            mapping = nodeid;
            int error = files.containsKey(nodeid) ? 0 : open(session, nodeid);
            DaxFile file = files.get(nodeid);
            if (file == null) {
                return error;
            }
            file.mappings++;
            error = write && !file.writable ? -Errno.EACCES : standIn.observe(session, file);
            if (error == 0) {
                error = establish(session, file, fileOffset, size, write, offset);
            }
            if (error != 0) {
                drop(session, file);
            }
            return error;
        } finally {
            mapping = NO_NODE;
            lock.unlock();
        }
    }

    private int upgrade(DaxMapping mapping, boolean write) {
        if (write && !mapping.writable) {
            if (!mapping.file.writable) {
                return -Errno.EACCES;
            }
            standIn.becomeWritable(mapping);
        }
        return 0;
    }

    private int establish(
            FileSystemSession session, DaxFile file, long fileOffset, long size, boolean write, long offset) {
        long pages = 0;
        if (file.descriptor != DaxFile.NO_DESCRIPTOR) {
            long whole = file.size & -(long) StandIn.PAGE;
            pages = Math.clamp(whole - fileOffset, 0, size);
            if (pages < size && (other.hasMany() || other.room() <= length / LINUX_RANGE - mappings.size())) {
                // A second mapping costs the other side more than a copy; one must be left for every free range.
                pages = 0;
            }
        }
        DaxMapping mapping = new DaxMapping(file, offset, fileOffset, size, pages, write);
        int error = map(session, mapping, true);
        if (error != 0 && error != -Errno.EINTR && pages > 0) {
            LOG.log(Level.DEBUG, "The front-end does not map a file''s pages ({0}); they are staged", -error);
            mapping = new DaxMapping(file, offset, fileOffset, size, 0, write);
            error = map(session, mapping, true);
        }
        if (error == 0) {
            mappings.put(offset, mapping);
            describe();
        }
        return error;
    }

    /** Has a mapping made at the other side, all of it or nothing. */
    private int map(FileSystemSession session, DaxMapping mapping, boolean fill) {
        int error = 0;
        if (mapping.hasStandIn() && fill) {
            error = standIn.fill(session, mapping);
        }
        if (error == 0 && mapping.direct > 0) {
            error = other.map(mapping.offset, mapping.direct, mapping.file.descriptor, mapping.fileOffset);
        }
        if (error == 0 && mapping.hasStandIn()) {
            error = mapStandIn(mapping);
            if (error != 0 && mapping.direct > 0) {
                int _ = other.unmap(mapping.offset, mapping.direct);
            }
        }
        if (error != 0 && mapping.hasStandIn()) {
            memory.release(mapping.standInOffset(), mapping.standInLength());
        }
        return error;
    }

    /** Without direct mappings the whole stand-in is mapped once and for all, if it is not the window itself. */
    private int mapStandIn(DaxMapping mapping) {
        if (memory.isWindow()) {
            return 0;
        }
        if (direct) {
            return other.map(mapping.standInOffset(), mapping.standInLength(), memory.fd(), mapping.standInOffset());
        }
        return other.count() > 0 ? 0 : other.map(0, length, memory.fd(), 0);
    }

    private void unmap(DaxMapping mapping) {
        if (mapping.direct > 0) {
            check(other.unmap(mapping.offset, mapping.direct));
        }
        if (direct && mapping.hasStandIn()) {
            check(other.unmap(mapping.standInOffset(), mapping.standInLength()));
        }
    }

    private static void check(int error) {
        if (error != 0) {
            LOG.log(Level.WARNING, "The front-end did not take a mapping of the DAX window away ({0})", -error);
        }
    }

    private int open(FileSystemSession session, long nodeid) {
        DaxFile unopened = new DaxFile(nodeid, FileSystemSession.NO_HANDLE, DaxFile.NO_DESCRIPTOR, false);
        int error = standIn.lookAt(session, unopened);
        if (error != 0) {
            return error;
        }
        if ((standIn.attributes().mode() & FileMode.S_IFMT) != FileMode.S_IFREG) {
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
        long fh = opened.fh();
        int descriptor = direct && writable ? session.descriptor(nodeid, fh) : DaxFile.NO_DESCRIPTOR;
        // The front-end tells of what it maps as memory of the guest, which this process then maps too.
        boolean mappable = descriptor >= 0 && MemoryFile.unsuitable(descriptor) == null;
        files.put(nodeid, new DaxFile(nodeid, fh, mappable ? descriptor : DaxFile.NO_DESCRIPTOR, writable));
        return 0;
    }

    private void drop(FileSystemSession session, DaxFile file) {
        if (--file.mappings == 0) {
            files.remove(file.nodeid);
            int _ = session.release(InternalRequest.INSTANCE, file.nodeid, file.fh, OpenFlags.O_RDWR, 0, 0);
        }
    }

    /** REMOVEMAPPING of one range: takes away what lies in it, whether something does or not. */
    int remove(FileSystemSession session, long offset, long size) {
        if (size <= 0
                || offset < 0
                || ((size | offset) & (StandIn.PAGE - 1)) != 0
                || offset > length
                || size > length - offset) {
            return -Errno.EINVAL;
        }
        lock.lock();
        try {
            return clear(session, offset, size);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes away what lies in a range.
     *
     * @return 0, or the errno of what could not be written back
     */
    private int clear(FileSystemSession session, long offset, long size) {
        int error = 0;
        for (DaxMapping mapping : overlapping(offset, offset + size)) {
            int failed = standIn.writeBack(session, mapping);
            if (failed != 0) {
                lost.put(mapping.file.nodeid, failed);
                error = failed;
            }
            unmap(mapping);
            mappings.remove(mapping.offset);
            keep(session, mapping, 0, offset - mapping.offset);
            keep(session, mapping, offset + size - mapping.offset, mapping.length);
            long from = Math.max(offset, mapping.standInOffset());
            long to = Math.min(offset + size, mapping.end());
            if (from < to) {
                memory.release(from, to - from);
            }
            drop(session, mapping.file);
        }
        describe();
        return error;
    }

    /** What is left of a mapping, of which a part was taken away, is a mapping of its own. For a moment it is not there. */
    private void keep(FileSystemSession session, DaxMapping mapping, long from, long to) {
        if (from >= to) {
            return;
        }
        DaxMapping part = mapping.part(from, to);
        if (map(session, part, false) == 0) {
            part.file.mappings++;
            mappings.put(part.offset, part);
        } else {
            LOG.log(Level.WARNING, "The rest of a mapping of the DAX window could not be kept: it is gone");
        }
    }

    private List<DaxMapping> overlapping(long from, long to) {
        List<DaxMapping> found = new ArrayList<>();
        Map.Entry<Long, DaxMapping> before = mappings.lowerEntry(from);
        if (before != null && before.getValue().end() > from) {
            found.add(before.getValue());
        }
        found.addAll(mappings.subMap(from, to).values());
        return found;
    }

    private void describe() {
        LongStream standIns =
                mappings.values().stream().filter(DaxMapping::hasStandIn).mapToLong(mapping -> mapping.file.nodeid);
        concerned = LongStream.concat(standIns, lost.keySet().stream().mapToLong(Long::longValue))
                .distinct()
                .sorted()
                .toArray();
    }

    /**
     * Writes back what the client has changed of a file.
     *
     * @return 0, or an errno; also, once, that of an earlier try whose mapping is gone by now
     */
    int writeBack(FileSystemSession session, long nodeid) {
        lock.lock();
        try {
            Integer before = lost.remove(nodeid);
            int error = before == null ? 0 : before;
            for (DaxMapping mapping : mappings.values()) {
                if (mapping.file.nodeid == nodeid) {
                    int failed = standIn.writeBack(session, mapping);
                    error = error == 0 ? failed : error;
                }
            }
            return error;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Writes back what the client has changed of any file.
     *
     * @return 0 or an errno
     */
    int writeBack(FileSystemSession session) {
        int error = 0;
        for (long nodeid : concerned) {
            int failed = writeBack(session, nodeid);
            error = error == 0 ? failed : error;
        }
        return error;
    }

    /**
     * Bytes of a file were changed by request: stand-ins take them over. What the client changed there was written back before.
     *
     * @param from the first byte that may have changed, beside what the file gained or lost at its end
     * @param to where they end; not behind {@code from} if there are no others
     */
    void changed(FileSystemSession session, long nodeid, long from, long to) {
        lock.lock();
        try {
            DaxFile file = files.get(nodeid);
            if (file == null) {
                return;
            }
            if (standIn.remember(session, file) != 0) {
                return;
            }
            for (DaxMapping mapping : mappings.values()) {
                if (mapping.file == file && mapping.hasStandIn()) {
                    check(standIn.resize(session, mapping), nodeid);
                    check(standIn.takeOver(session, mapping, from, to), nodeid);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The client opens a file: it sees what others have made of it since, but for pages that it has changed itself. */
    void refresh(FileSystemSession session, long nodeid) {
        lock.lock();
        try {
            DaxFile file = files.get(nodeid);
            if (file == null || standIn.observe(session, file) != 0 || !file.stale) {
                return;
            }
            file.stale = false;
            for (DaxMapping mapping : mappings.values()) {
                if (mapping.file == file && mapping.hasStandIn()) {
                    check(standIn.refresh(session, mapping), nodeid);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private static void check(int error, long nodeid) {
        if (error != 0) {
            LOG.log(Level.WARNING, "Node {0} could not be read into the DAX window ({1})", nodeid, -error);
        }
    }

    /** The session ends: writes back what the client has changed, and takes all mappings away. */
    void end(FileSystemSession session) {
        lock.lock();
        try {
            int error = clear(session, 0, length);
            if (error != 0) {
                LOG.log(
                        Level.ERROR,
                        "What the guest stored into the DAX window could not all be written to its files ({0})",
                        -error);
            }
            lost.clear();
            describe();
            LOG.log(
                    Level.DEBUG,
                    "the DAX window had at most {0} mappings at a time; the front-end can bear {1}",
                    other.most(),
                    other.mappingsMax());
        } finally {
            lock.unlock();
        }
    }

    /** How many mappings the other side has; for tests and for the log. */
    int mapped() {
        lock.lock();
        try {
            return other.count();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}

package dev.oriel.device.dax;

import dev.oriel.device.statistics.WindowFigures;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.MappableRegion;
import dev.oriel.virtio.memory.SharedMemoryRegion;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The DAX window: shared memory region 0 of the device (virtio 1.4, section 5.11.6.5), which ranges of files are mapped
 * into at the client's wish. Toward the client the meaning is the specification's: a new mapping replaces what it
 * overlaps, a part of one may be taken away, and at the end of the session all are gone.
 *
 * <p>A range is served by the file's own pages as far as they can be mapped whole, and by a {@link StandIn stand-in}
 * from there on (see {@link DaxMapping}). What changes a file by request must tell the window, see {@link DaxSession}.
 *
 * <p>The lock is held while the other side answers. Whoever must not wait asks {@link #concerns} first, which takes
 * none, and tells of what it does beside the window ({@link #enter}).
 */
public final class DaxWindow implements AutoCloseable {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    /** What mappings are multiples of, bytes. */
    public static final int PAGE = 4096;

    /** The size of the ranges that Linux asks for ({@code FUSE_DAX_SHIFT}). */
    public static final long LINUX_RANGE = 2 << 20;

    private static final int CONCERNED = -1;

    private final long length;
    private final WindowContent content;
    private final WindowMappings other;
    private final StagingMemory memory;
    private final UnwrittenPages unwritten;
    private final StandIn standIn;
    private final DaxFiles files;
    private final RequestsBesideWindow beside = new RequestsBesideWindow();
    private final DaxMappings mappings = new DaxMappings();
    private final ReentrantLock lock = new ReentrantLock();
    private volatile WriteErrors errors = new WriteErrors();

    /**
     * @param region where the window is mapped; whoever gave it takes all mappings away when he closes the window
     * @param direct whether pages of files are mapped themselves, if the region can; if not, all is stand-in
     * @param orStaged whether ranges of a file that is read in order are stand-ins where that is quicker
     */
    public DaxWindow(SharedMemoryRegion region, boolean direct, boolean orStaged) throws LinuxException {
        length = region.length();
        other = new WindowMappings(region instanceof MappableRegion mapped ? mapped : null);
        memory = new StagingMemory(region);
        try {
            unwritten = new UnwrittenPages(length);
        } catch (LinuxException e) {
            memory.close();
            throw e;
        }
        content = WindowContent.of(other, memory, length, direct, orStaged);
        standIn = new StandIn(memory);
        files = new DaxFiles(content instanceof WindowContent.Direct, standIn, unwritten);
    }

    /** The device was reset, and is silent: what the other side has mapped is in doubt from now on. */
    public void silence() {
        lock.lock();
        try {
            other.doubt();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a stand-in of this node may have to be kept in step. Takes no lock and allocates nothing. */
    boolean concerns(long nodeid) {
        return files.concerns(nodeid);
    }

    /** What is in it. Any thread; takes no lock. */
    public WindowFigures figures() {
        return mappings.figures(length);
    }

    /** What could not be written, and who was told. */
    WriteErrors errors() {
        return errors;
    }

    /**
     * A request that must not wait begins to change a file.
     *
     * @return what to {@link #leave} with; or -1 if the window has something of the file, and has to be told: then it
     *     must wait after all
     */
    int enter(long nodeid) {
        int counter = beside.enter();
        if (!files.concerns(nodeid)) {
            return counter;
        }
        beside.leave(counter);
        return CONCERNED;
    }

    void leave(int counter) {
        beside.leave(counter);
    }

    /**
     * SETUPMAPPING.
     *
     * @return 0 or an errno
     */
    int setup(FileSystemSession session, long nodeid, long fileOffset, long size, long flags, long offset) {
        if (!isRange(offset, size)
                || fileOffset < 0
                || (fileOffset & (PAGE - 1)) != 0
                || fileOffset > Long.MAX_VALUE - size
                || (flags & ~(FuseFlags.SETUPMAPPING_READ | FuseFlags.SETUPMAPPING_WRITE)) != 0) {
            return -Errno.EINVAL;
        }
        boolean write = (flags & FuseFlags.SETUPMAPPING_WRITE) != 0;
        lock.lock();
        try {
            DaxMapping there = mappings.at(offset);
            if (there != null && there.isOf(nodeid, fileOffset, size)) {
                return upgrade(there, write);
            }
            clear(session, offset, size);
            int error = files.get(nodeid) != null ? 0 : files.open(session, nodeid);
            DaxFile file = files.get(nodeid);
            if (file == null) {
                return error;
            }
            int _ = files.writeUnwritten(session, file);
            error = write && !file.writable ? -Errno.EACCES : standIn.observe(session, file);
            if (error == 0) {
                file.asked(fileOffset, size);
                error = establish(session, file, fileOffset, size, write, offset);
            }
            files.drop(session, file);
            return error;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is such a range of whole pages in the window. */
    private boolean isRange(long offset, long size) {
        return size > 0
                && offset >= 0
                && ((size | offset) & (PAGE - 1)) == 0
                && offset <= length
                && size <= length - offset;
    }

    private int upgrade(DaxMapping mapping, boolean write) {
        if (write && !mapping.writable) {
            if (!mapping.file.writable) {
                return -Errno.EACCES;
            }
            files.becomeWritable(mapping);
        }
        return 0;
    }

    private int establish(
            FileSystemSession session, DaxFile file, long fileOffset, long size, boolean write, long offset) {
        long pages = content.ownPages(file, offset, fileOffset, size, write, mappings.size());
        int error = establish(session, new DaxMapping(file, offset, fileOffset, size, pages, write));
        if (error != 0 && error != -Errno.EINTR && pages > 0) {
            LOG.log(Level.DEBUG, "The front-end does not map a file''s pages ({0}); they are staged", -error);
            error = establish(session, new DaxMapping(file, offset, fileOffset, size, 0, write));
        }
        return error;
    }

    private int establish(FileSystemSession session, DaxMapping mapping) {
        boolean news = mapping.hasStandIn() && !files.concerns(mapping.file.nodeid);
        files.add(mapping);
        if (news) {
            beside.await();
        }
        long began = System.nanoTime();
        int error = map(session, mapping, true);
        if (error == 0) {
            content.took(mapping, System.nanoTime() - began);
            mappings.add(mapping);
        } else {
            files.remove(mapping);
        }
        return error;
    }

    /** Has a mapping made at the other side, all of it or nothing. */
    private int map(FileSystemSession session, DaxMapping mapping, boolean fill) {
        if (mapping.hasStandIn() && fill) {
            int unread = standIn.fill(session, mapping);
            if (unread != 0) {
                standIn.release(mapping.standInOffset(), mapping.standInLength());
                return unread;
            }
            files.showUnwritten(mapping);
        }
        int error = content.show(mapping);
        if (error != 0 && mapping.hasStandIn()) {
            files.keepUnwritten(mapping, mapping.standInOffset(), mapping.end());
            standIn.release(mapping.standInOffset(), mapping.standInLength());
        }
        return error;
    }

    /**
     * REMOVEMAPPING of one range: takes away what lies in it, whether something does or not. What of it cannot be
     * written is kept.
     *
     * @return 0, or an errno if there is no such range
     */
    int remove(FileSystemSession session, long offset, long size) {
        if (!isRange(offset, size)) {
            return -Errno.EINVAL;
        }
        lock.lock();
        try {
            clear(session, offset, size);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /** Takes away what lies in a range. */
    private void clear(FileSystemSession session, long offset, long size) {
        for (DaxMapping mapping : mappings.overlapping(offset, offset + size)) {
            DaxFile file = mapping.file;
            int failed = writeBack(session, mapping);
            if (failed != 0) {
                files.keepUnwritten(mapping, offset, offset + size);
            }
            content.hide(mapping);
            mappings.remove(mapping);
            keep(session, mapping, 0, offset - mapping.offset);
            keep(session, mapping, offset + size - mapping.offset, mapping.length);
            files.remove(mapping);
            long from = Math.max(offset, mapping.standInOffset());
            long to = Math.min(offset + size, mapping.end());
            if (from < to) {
                standIn.release(from, to - from);
            }
            files.drop(session, file);
        }
    }

    /**
     * What is left of a mapping, of which a part was taken away, is a mapping of its own. For a moment it is not there.
     */
    private void keep(FileSystemSession session, DaxMapping mapping, long from, long to) {
        if (from >= to) {
            return;
        }
        DaxMapping part = mapping.part(from, to);
        files.add(part);
        if (map(session, part, false) == 0) {
            mappings.add(part);
        } else {
            files.remove(part);
            LOG.log(Level.WARNING, "The rest of a mapping of the DAX window could not be kept: it is gone");
        }
    }

    /**
     * Writes back what the client has changed of a file. What failed for the first time is told to each open file
     * ({@link #errors}).
     *
     * @return 0, or an errno if something is still not in the file
     */
    int writeBack(FileSystemSession session, long nodeid) {
        lock.lock();
        try {
            DaxFile file = files.get(nodeid);
            return file == null ? 0 : writeBack(session, file);
        } finally {
            lock.unlock();
        }
    }

    private int writeBack(FileSystemSession session, DaxFile file) {
        int error = files.writeUnwritten(session, file);
        for (DaxMapping mapping : file.mappings) {
            int failed = writeBack(session, mapping);
            error = error == 0 ? failed : error;
        }
        files.drop(session, file);
        return error;
    }

    private int writeBack(FileSystemSession session, DaxMapping mapping) {
        int error = standIn.writeBack(session, mapping);
        if (standIn.failedAnew()) {
            errors.record(mapping.file.nodeid, error);
        }
        return error;
    }

    /** Writes back what the client has changed of any file: 0 or an errno. */
    int writeBack(FileSystemSession session) {
        int error = 0;
        for (long nodeid : files.concerned()) {
            int failed = writeBack(session, nodeid);
            error = error == 0 ? failed : error;
        }
        return error;
    }

    /**
     * GETATTR of a node that the window {@link #concerns}: what the client stored is in the file, and what the file
     * gained or lost at its end is in the window, before its size is told.
     *
     * @param out filled if there is no error, and else left as it is
     * @return 0 or an errno
     */
    int attributes(FileSystemSession session, long nodeid, long fh, Attributes out) {
        lock.lock();
        try {
            DaxFile file = files.get(nodeid);
            if (file != null) {
                int _ = writeBack(session, file);
            }
            Attributes now = standIn.attributes();
            now.clear();
            int error = session.getattr(InternalRequest.INSTANCE, nodeid, fh, now);
            if (error != 0) {
                return error;
            }
            if (file != null) {
                StandIn.observed(file, now);
                files.changed(session, file, Long.MAX_VALUE, 0);
                for (DaxMapping mapping : file.mappings) {
                    if (mapping.hasStandIn() && error == 0) {
                        error = standIn.resize(session, mapping);
                    }
                }
                files.drop(session, file);
            }
            if (error == 0) {
                out.copyFrom(now);
            }
            return error;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Bytes of a file were changed by request: stand-ins take them over. What the client changed there was written back
     * before.
     *
     * @param from the first byte that may have changed, beside what the file gained or lost at its end
     * @param to where they end; not behind {@code from} if there are no others
     */
    void changed(FileSystemSession session, long nodeid, long from, long to) {
        lock.lock();
        try {
            DaxFile file = files.get(nodeid);
            if (file == null || standIn.remember(session, file) != 0) {
                return;
            }
            files.changed(session, file, from, to);
            for (DaxMapping mapping : file.mappings) {
                if (mapping.hasStandIn()) {
                    check(standIn.resize(session, mapping), nodeid);
                    check(standIn.takeOver(session, mapping, from, to), nodeid);
                }
            }
            files.drop(session, file);
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
            files.changed(session, file, Long.MAX_VALUE, 0);
            for (DaxMapping mapping : file.mappings) {
                if (mapping.hasStandIn()) {
                    check(standIn.refresh(session, mapping), nodeid);
                    files.showUnwritten(mapping);
                }
            }
            files.drop(session, file);
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
            try {
                clear(session, 0, length);
                int _ = writeBack(session);
                long[] lost = files.concerned();
                if (lost.length > 0) {
                    LOG.log(
                            Level.ERROR,
                            "What the guest stored into the DAX window could not be written to {0} of its files, and"
                                    + " is lost",
                            lost.length);
                }
            } finally {
                // Whatever was thrown, the next session finds nothing of this one: its handles and descriptors are
                // gone.
                mappings.clear();
                other.doubt();
                errors = new WriteErrors();
                files.clear(session);
                other.settleDoubts();
            }
            other.logMost();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        memory.close();
        unwritten.close();
    }
}

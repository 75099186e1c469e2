package dev.oriel.driver;

import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The DAX window of a device: parts of files as memory.
 *
 * <pre>
 *   window   | slot 0    | slot 1    | slot 2    | ...          2 MiB each
 *              A, 0..2     A, 2..4     B, 6..8                  extents: one file, adjacent slots
 * </pre>
 *
 * <p>Parts are mapped in whole slots and stay mapped after use, until their slots are needed: the least recently used
 * go first, those that are pinned or being copied never. A range of several slots gets adjacent ones, so it is one
 * piece of memory; a part of it that is mapped elsewhere is mapped anew for that.
 *
 * <p>An instance is either pinnable, or limited: then memory is not handed out, only copied to and from.
 *
 * <p>Slots for which the device does not answer in time stay out of use: what is late could land on what came after it.
 *
 * <p>Stores reach the file at the latest with {@link FuseFiles#fsync}. Any thread.
 */
public final class DaxDevice {
    /** Bytes in a slot, as in Linux (fs/fuse/dax.c). */
    public static final long SLOT_SIZE = 2L << 20;

    /** The alignment a device may ask for at most: that of a slot. */
    private static final int ALIGNMENT_MAX = 21;

    private final DriverSession session;
    private final FuseClient client;
    private final SharedMemoryWindow window;
    private final boolean pinnable;
    private final int slots;
    private final DaxRequests requests;

    /** All of what follows is guarded by this. */
    private final WindowSlots used;

    private final Map<Long, List<DaxExtent>> extents = new HashMap<>();
    private final LinkedHashSet<DaxExtent> idle = new LinkedHashSet<>();

    /** Memory of a file that stays where it is until this is closed. */
    public final class Pin implements AutoCloseable {
        private final DaxExtent extent;
        private final long windowOffset;
        private final long length;
        private final boolean writable;
        private boolean closed;

        private Pin(DaxExtent extent, long windowOffset, long length, boolean writable) {
            this.extent = extent;
            this.windowOffset = windowOffset;
            this.length = length;
            this.writable = writable;
        }

        /**
         * The bytes of the file. Not to be used after {@link #close()}, as other bytes may be there then; after the
         * client is closed, access throws. If the file shrinks meanwhile, access throws {@link InternalError}.
         */
        public synchronized MemorySegment segment() {
            checkPinned();
            MemorySegment segment = window.segment().asSlice(windowOffset, length);
            return writable ? segment : segment.asReadOnly();
        }

        /**
         * The same bytes as a mapped segment of an arena, whose end is to close this. It stays memory until then, also
         * if the client is closed before; what is stored after that may not reach the file.
         *
         * @throws FuseException what mmap(2) says
         * @throws IllegalStateException if the arena is closed
         */
        public synchronized MemorySegment show(Arena arena) throws FuseException {
            checkPinned();
            try {
                return window.show(windowOffset, length, writable, arena);
            } catch (LinuxException failed) {
                throw new FuseException("map node " + extent.nodeid + " into an arena", failed.errno());
            } catch (IOException failed) {
                FuseException impossible =
                        new FuseException("map node " + extent.nodeid + " into an arena", Errno.ENOMEM);
                impossible.initCause(failed);
                throw impossible;
            }
        }

        private void checkPinned() {
            if (closed) {
                throw new IllegalStateException("the memory is not pinned any more");
            }
        }

        /** Lets the slots be used for others; does nothing the second time. */
        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                leave(extent);
            }
        }
    }

    DaxDevice(FuseClient client, SharedMemoryWindow window) throws FuseException {
        this.client = client;
        session = client.session();
        this.window = window;
        pinnable = session.options().pinnable();
        requests = new DaxRequests(session);
        slots = (int) Math.min(Integer.MAX_VALUE, window.length() / SLOT_SIZE);
        used = new WindowSlots(slots);
        if (session.mapAlignment() > ALIGNMENT_MAX) {
            throw new FuseException(
                    "use the window of " + session.name() + " (it wants mappings aligned to 2^" + session.mapAlignment()
                            + " bytes)",
                    Errno.EINVAL);
        }
    }

    /** Whether {@link #map} works. If not, {@link #copyOut}, {@link #copyIn} and {@link #zero} do. */
    public boolean pinnable() {
        return pinnable;
    }

    /** How many slots there are. */
    public int slotCount() {
        return slots;
    }

    /** How many slots hold parts of files. */
    public synchronized int slotsInUse() {
        return used.count();
    }

    /**
     * Gives a range of a file as memory.
     *
     * @param nodeid a regular file
     * @param offset of the first byte, any
     * @param length bytes, more than 0
     * @param writable whether stores are to reach the file; if not, the memory is read-only
     * @throws FuseException EINVAL if the range goes beyond the file; EBUSY if too much of the window is pinned, or if
     *     a part of the range is pinned as part of a smaller one, one of the two is for writing, and the device does
     *     not show the same memory at both places; or what the device says
     * @throws UnsupportedOperationException if this instance is limited
     */
    public Pin map(long nodeid, long offset, long length, boolean writable) throws FuseException {
        if (!pinnable) {
            throw new UnsupportedOperationException(
                    "the window of " + session.name() + " is used without pinning: copy in and out of it instead");
        }
        DaxExtent extent = enter(nodeid, offset, length, writable);
        return new Pin(extent, extent.windowOffset(offset), length, writable);
    }

    /**
     * Copies from a file.
     *
     * @throws FuseException EINVAL if the range goes beyond the file, EIO if the file shrank meanwhile, or as {@link
     *     #map}
     */
    public void copyOut(long nodeid, long offset, MemorySegment target) throws FuseException {
        copy(
                nodeid,
                offset,
                target.byteSize(),
                false,
                (memory, from, at, length) -> MemorySegment.copy(memory, from, target, at, length));
    }

    /** Copies into a file, inside its present size. */
    public void copyIn(long nodeid, long offset, MemorySegment source) throws FuseException {
        copy(
                nodeid,
                offset,
                source.byteSize(),
                true,
                (memory, from, at, length) -> MemorySegment.copy(source, at, memory, from, length));
    }

    /** Writes zeros into a file, inside its present size. */
    public void zero(long nodeid, long offset, long length) throws FuseException {
        copy(
                nodeid,
                offset,
                length,
                true,
                (memory, from, at, count) -> memory.asSlice(from, count).fill((byte) 0));
    }

    /**
     * Moves bytes between the window, from {@code windowOffset} on, and what lies {@code done} bytes after the start.
     */
    private interface Mover {
        void move(MemorySegment window, long windowOffset, long done, long length);
    }

    private void copy(long nodeid, long offset, long length, boolean writable, Mover mover) throws FuseException {
        long done = 0;
        while (done < length) {
            long position = offset + done;
            long part = Math.min(length - done, SLOT_SIZE - position % SLOT_SIZE);
            DaxExtent extent = enter(nodeid, position, part, writable);
            try {
                mover.move(window.segment(), extent.windowOffset(position), done, part);
            } catch (InternalError shrunk) {
                // what the JVM makes of a SIGBUS in an access of its own
                throw new FuseException(
                        "access bytes of node " + nodeid + " at " + position + ", which the file lost", Errno.EIO);
            } finally {
                leave(extent);
            }
            done += part;
        }
    }

    /** Takes away what is mapped of a file and not in use: before the node is forgotten, or after its size was set. */
    public synchronized void release(long nodeid) {
        for (DaxExtent extent : List.copyOf(extents.getOrDefault(nodeid, List.of()))) {
            if (extent.users == 0) {
                remove(extent);
            }
        }
    }

    /** An extent that holds a range; it stays until {@link #leave}. */
    private synchronized DaxExtent enter(long nodeid, long offset, long length, boolean writable) throws FuseException {
        if (offset < 0 || length <= 0 || offset > Long.MAX_VALUE - length - SLOT_SIZE) {
            throw new FuseException("map " + length + " bytes of node " + nodeid + " at " + offset, Errno.EINVAL);
        }
        long end = offset + length;
        DaxExtent extent = find(nodeid, offset, end, writable);
        boolean ready = extent != null && extent.isReady(end, writable);
        long size = ready ? 0 : sizeFor(nodeid, offset, end);
        if (extent == null) {
            giveWay(nodeid, offset, end, writable, null);
            extent = allocate(nodeid, offset, end);
        } else if (!ready) {
            giveWay(nodeid, extent.fileOffset, extent.end(), writable || extent.writable, extent);
        }
        // in use from now on, so that no other request takes its slots
        extent.users++;
        idle.remove(extent);
        try {
            if (!ready) {
                // If the file grew, or was mapped for reading: mapping it anew in place replaces what is there (virtio
                // 1.4, 5.11.6.4).
                setUp(extent, size, writable || extent.writable);
            }
            checkMapped(extent, offset, length, writable);
            return extent;
        } catch (FuseException failed) {
            extent.failed = true;
            extent.late |= failed.errno() == Errno.ETIMEDOUT;
            leave(extent);
            throw failed;
        }
    }

    private long sizeFor(long nodeid, long offset, long end) throws FuseException {
        long size = client.getattr(nodeid).size();
        if (end > size) {
            throw new FuseException(
                    "map " + (end - offset) + " bytes at " + offset + " of node " + nodeid + ", which has " + size,
                    Errno.EINVAL);
        }
        return size;
    }

    private synchronized void leave(DaxExtent extent) {
        extent.users--;
        if (extent.users > 0) {
            return;
        }
        if (extent.failed) {
            remove(extent);
        } else {
            idle.add(extent);
        }
    }

    /** An extent that holds a range, one that is set up for it if there is one. */
    private @Nullable DaxExtent find(long nodeid, long from, long to, boolean writable) {
        DaxExtent found = null;
        for (DaxExtent extent : extents.getOrDefault(nodeid, List.of())) {
            if (extent.holds(from, to) && (found == null || extent.isReady(to, writable))) {
                found = extent;
            }
        }
        return found;
    }

    /**
     * Takes away what holds a part of a range and is not in use, if one of the two is for writing: a device may show
     * copies, and of two copies one would not see what is stored into the other.
     *
     * @param self not in its own way
     */
    private void giveWay(long nodeid, long from, long to, boolean writable, @Nullable DaxExtent self) {
        for (DaxExtent extent : List.copyOf(extents.getOrDefault(nodeid, List.of()))) {
            if (extent != self && extent.users == 0 && extent.overlaps(from, to) && (writable || extent.writable)) {
                remove(extent);
            }
        }
    }

    /**
     * What is in use does not give way. It may stay if both places are the same pages of memory, as with a device that
     * maps the file's own.
     *
     * @throws FuseException EBUSY if they are not, and one of the two is for writing
     */
    private void checkCopies(DaxExtent extent, long size, boolean writable) throws FuseException {
        for (DaxExtent other : extents.getOrDefault(extent.nodeid, List.of())) {
            if (other == extent || !(writable || other.writable)) {
                continue;
            }
            long from = Math.max(extent.fileOffset, other.fileOffset);
            long to = Math.min(Math.min(extent.end(), size), Math.min(other.end(), other.fileSize));
            if (from < to && !window.isSameMemory(extent.windowOffset(from), other.windowOffset(from), to - from)) {
                throw new FuseException(
                        "map node " + extent.nodeid + " from " + from + " to " + to
                                + " while it is pinned elsewhere in the window of " + session.name()
                                + ", one of the two is for writing and they are not the same memory",
                        Errno.EBUSY);
            }
        }
    }

    /** Finds adjacent slots, those of the least recently used extents if need be. */
    private DaxExtent allocate(long nodeid, long from, long to) throws FuseException {
        long fileOffset = from / SLOT_SIZE * SLOT_SIZE;
        long needed = (to - fileOffset + SLOT_SIZE - 1) / SLOT_SIZE;
        int first = needed > slots ? -1 : used.freeRun((int) needed);
        while (first < 0) {
            if (needed > slots || !removeOldest()) {
                throw new FuseException(
                        "find " + needed + " adjacent slots of 2 MiB among " + slots + " in the window of "
                                + session.name(),
                        needed > slots ? Errno.ENOSPC : Errno.EBUSY);
            }
            first = used.freeRun((int) needed);
        }
        used.take(first, (int) needed);
        DaxExtent extent = new DaxExtent(nodeid, fileOffset, first, (int) needed);
        extents.computeIfAbsent(nodeid, _ -> new ArrayList<>()).add(extent);
        return extent;
    }

    private boolean removeOldest() {
        if (idle.isEmpty()) {
            return false;
        }
        remove(idle.getFirst());
        return true;
    }

    /** Maps all slots; those that lie behind the end of the file are left out. */
    private void setUp(DaxExtent extent, long size, boolean writable) throws FuseException {
        for (int i = 0; i < extent.slotCount && extent.fileOffset + i * SLOT_SIZE < size; i++) {
            setUp(extent, i, writable);
        }
        checkCopies(extent, size, writable);
        extent.fileSize = size;
        extent.writable = writable;
    }

    private void setUp(DaxExtent extent, int index, boolean writable) throws FuseException {
        while (true) {
            try {
                requests.setUp(extent, index, writable);
                return;
            } catch (FuseException failed) {
                // a device may be able to map less at once than its window is large
                boolean full = failed.errno() == Errno.ENOSPC
                        || failed.errno() == Errno.EBUSY
                        || failed.errno() == Errno.ENOMEM;
                if (!full || !removeOldest()) {
                    throw failed;
                }
            }
        }
    }

    /**
     * A device that says it mapped what it did not map would give zeros for a file, and take stores that go nowhere.
     */
    private void checkMapped(DaxExtent extent, long offset, long length, boolean writable) throws FuseException {
        long at = extent.windowOffset(offset);
        if (!window.isMapped(at, length)) {
            throw new FuseException(
                    "map node " + extent.nodeid + " at " + offset + " (" + session.name()
                            + " said yes and mapped nothing)",
                    Errno.EIO);
        }
        if (writable && !window.isWritable(at, length)) {
            throw new FuseException("map node " + extent.nodeid + " at " + offset + " for writing", Errno.EACCES);
        }
    }

    private void remove(DaxExtent extent) {
        idle.remove(extent);
        List<DaxExtent> ofNode = extents.getOrDefault(extent.nodeid, List.of());
        ofNode.remove(extent);
        if (ofNode.isEmpty()) {
            extents.remove(extent.nodeid);
        }
        if (!extent.late && requests.takeDown(extent)) {
            used.free(extent.firstSlot, extent.slotCount);
        }
    }
}

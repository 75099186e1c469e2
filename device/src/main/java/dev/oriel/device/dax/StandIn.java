package dev.oriel.device.dax;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.linux.IoVector;
import dev.oriel.virtio.memory.RegionMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Keeps stand-ins in step with their files: fills them, writes back what the client changed, and takes over what was
 * written to the file by request. Pages that the client wrote are found by comparison with the baseline; nobody tells
 * us. Not for several threads.
 *
 * <p>Only what the client changed is written back, by whole pages and never behind the end of the file: what a process
 * of the host changes in other pages at the same time stays.
 */
final class StandIn {
    private static final int PAGE = DaxWindow.PAGE;

    /** The most bytes that one system call moves: pages that the client wrote one after another go together. */
    private static final int RUN_MAX = 1 << 20;

    private final StagingMemory memory;
    private final Attributes attributes = new Attributes();
    private final IoVector vector = new IoVector(1);

    /** What the file holds, before it is compared with what the stand-in does. */
    private final MemorySegment fresh = Arena.ofAuto().allocate(RUN_MAX, PAGE);

    /** Pages that could not be written, by their number in the window: they are written whether they differ or not. */
    private final BitSet unwritten = new BitSet();

    private final FileWriter writer = new FileWriter();
    private boolean failedAnew;

    StandIn(StagingMemory memory) {
        this.memory = memory;
    }

    /**
     * Looks at a file.
     *
     * @return 0, and {@link #attributes} are good until the next call; or an errno
     */
    int lookAt(FileSystemSession session, DaxFile file) {
        attributes.clear();
        return session.getattr(InternalRequest.INSTANCE, file.nodeid, file.fh, attributes);
    }

    Attributes attributes() {
        return attributes;
    }

    /** Looks at a file, and notes if others than the client have changed it. */
    int observe(FileSystemSession session, DaxFile file) {
        int error = lookAt(session, file);
        if (error == 0) {
            observed(file, attributes());
        }
        return error;
    }

    /** The same, of one that was looked at otherwise. */
    static void observed(DaxFile file, Attributes now) {
        file.stale |= file.mayDifferFrom(now);
        file.seen(now);
    }

    /** Looks at a file that the client itself has just changed. */
    int remember(FileSystemSession session, DaxFile file) {
        int error = lookAt(session, file);
        if (error == 0) {
            file.seen(attributes());
        }
        return error;
    }

    /** Fills the stand-in of a new mapping from the file. */
    int fill(FileSystemSession session, DaxMapping mapping) {
        release(mapping.standInOffset(), mapping.standInLength());
        return takeAll(session, mapping);
    }

    /** Empties a range of the window. */
    void release(long offset, long length) {
        memory.release(offset, length);
        unwritten.clear(pageOf(offset), pageOf(offset + length));
    }

    private static int pageOf(long offset) {
        return (int) (offset / PAGE);
    }

    /** The client may write from now on: what is there is what it begins with. */
    void becomeWritable(DaxMapping mapping) {
        if (!mapping.writable && mapping.hasStandIn()) {
            MemorySegment.copy(
                    memory.shared(),
                    mapping.standInOffset(),
                    memory.baseline(),
                    mapping.standInOffset(),
                    used(mapping));
        }
        mapping.writable = true;
    }

    private int takeAll(FileSystemSession session, DaxMapping mapping) {
        int error = take(session, mapping, 0, mapping.standInLength());
        if (error == 0) {
            mapping.knownSize = mapping.file.size;
        }
        return error;
    }

    /**
     * Takes over what the file gained or lost at its end since the stand-in last knew its size: bytes that the client
     * has no part in.
     */
    int resize(FileSystemSession session, DaxMapping mapping) {
        long before = mapping.knownSize;
        long now = mapping.file.size;
        int error = take(
                session, mapping, position(mapping, Math.min(before, now)), position(mapping, Math.max(before, now)));
        if (error == 0) {
            mapping.knownSize = now;
        }
        return error;
    }

    /**
     * Takes bytes {@code [first, last)} of the file over into the stand-in, as far as they lie in it, whatever it holds
     * there.
     */
    int takeOver(FileSystemSession session, DaxMapping mapping, long first, long last) {
        return take(session, mapping, position(mapping, first), position(mapping, last));
    }

    /** Where in the stand-in a byte of the file is, or the end of the stand-in that it lies behind. */
    private static long position(DaxMapping mapping, long offset) {
        return Math.clamp(offset - mapping.standInFileOffset(), 0, mapping.standInLength());
    }

    /** Bytes behind the end of the file are zeros. */
    private int take(FileSystemSession session, DaxMapping mapping, long from, long to) {
        int error = 0;
        for (long at = from; at < to && error == 0; at += RUN_MAX) {
            MemorySegment run = fresh.asSlice(0, Math.min(RUN_MAX, to - at));
            // All of it or nothing: half of it in the baseline would pass for stores of the client.
            error = read(session, mapping, at, run);
            if (error == 0) {
                long window = mapping.standInOffset() + at;
                if (mapping.writable) {
                    MemorySegment.copy(run, 0, memory.baseline(), window, run.byteSize());
                }
                MemorySegment.copy(run, 0, memory.shared(), window, run.byteSize());
                unwritten.clear(
                        pageOf(window + PAGE - 1),
                        Math.max(pageOf(window + PAGE - 1), pageOf(window + run.byteSize())));
            }
        }
        return error;
    }

    /** Reads the file from a position of the stand-in on. */
    private int read(FileSystemSession session, DaxMapping mapping, long from, MemorySegment to) {
        return read(session, mapping.file, mapping.standInFileOffset() + from, to);
    }

    /** Reads a file from an offset on; bytes behind its end are zeros. */
    int read(FileSystemSession session, DaxFile file, long start, MemorySegment to) {
        long known = Math.clamp(file.size - start, 0, to.byteSize());
        long done = 0;
        while (done < known) {
            vector.clear();
            vector.add(to.address() + done, Math.min(known - done, RUN_MAX));
            long count = session.read(InternalRequest.INSTANCE, file.nodeid, file.fh, start + done, 0, vector);
            if (count < 0) {
                return (int) count;
            }
            if (count == 0) {
                break;
            }
            done += count;
        }
        to.asSlice(done).fill((byte) 0);
        return 0;
    }

    /**
     * Takes the file over page by page, but for pages that the client has changed and that are not yet written back:
     * its stores win.
     */
    int refresh(FileSystemSession session, DaxMapping mapping) {
        if (!mapping.writable) {
            return takeAll(session, mapping);
        }
        int error = resize(session, mapping);
        for (long from = 0; from < mapping.standInLength() && error == 0; from += RUN_MAX) {
            MemorySegment run = fresh.asSlice(0, Math.min(RUN_MAX, mapping.standInLength() - from));
            error = read(session, mapping, from, run);
            if (error == 0) {
                refresh(run, mapping.standInOffset() + from);
            }
        }
        return error;
    }

    private void refresh(MemorySegment run, long window) {
        MemorySegment baseline = memory.baseline();
        for (long page = 0; page < run.byteSize(); page += PAGE) {
            long at = window + page;
            boolean changed = MemorySegment.mismatch(run, page, page + PAGE, baseline, at, at + PAGE) >= 0;
            if (changed && !isChanged(at)) {
                MemorySegment.copy(run, page, baseline, at, PAGE);
                MemorySegment.copy(run, page, memory.shared(), at, PAGE);
            }
        }
    }

    /**
     * Writes the pages back that the client has changed.
     *
     * @return 0, or the errno of the first that could not be written; it is tried again next time ({@link #failedAnew})
     */
    int writeBack(FileSystemSession session, DaxMapping mapping) {
        failedAnew = false;
        if (!mapping.writable || !mapping.hasStandIn()) {
            return 0;
        }
        DaxFile file = mapping.file;
        int error = observe(session, file);
        if (error != 0) {
            failedAnew = true;
            return error;
        }
        long length = used(mapping);
        boolean written = false;
        long page = 0;
        while (page < length) {
            long window = mapping.standInOffset() + page;
            if (!isChanged(window)) {
                page += PAGE;
                continue;
            }
            long run = PAGE;
            while (page + run < length && run < RUN_MAX && isChanged(window + run)) {
                run += PAGE;
            }
            // Written from the copy: the client may go on storing meanwhile, and what it stores then is seen the next
            // time.
            boolean news = unwritten.nextClearBit(pageOf(window)) < pageOf(window + run);
            // Not written until it is known to be: whatever is thrown, it is tried again.
            unwritten.set(pageOf(window), pageOf(window + run));
            MemorySegment.copy(memory.shared(), window, memory.baseline(), window, run);
            long offset = mapping.standInFileOffset() + page;
            int failed =
                    writer.write(session, file, offset, memory.baselineMemory(), window, Math.min(run, length - page));
            failedAnew |= failed != 0 && news;
            if (failed == 0) {
                unwritten.clear(pageOf(window), pageOf(window + run));
            }
            error = error == 0 ? failed : error;
            written |= failed == 0;
            page += run;
        }
        if (written) {
            writer.written(session, file);
            int _ = remember(session, file);
        }
        return error;
    }

    /** Whether the last {@link #writeBack} failed with a page that had not failed before. */
    boolean failedAnew() {
        return failedAnew;
    }

    /** How many bytes of the stand-in lie within the file, as far as it knows the file. */
    private static long used(DaxMapping mapping) {
        long size = Math.min(mapping.knownSize, mapping.file.size);
        return Math.clamp(size - mapping.standInFileOffset(), 0, mapping.standInLength());
    }

    private boolean isChanged(long window) {
        return unwritten.get(pageOf(window))
                || MemorySegment.mismatch(
                                memory.shared(), window, window + PAGE, memory.baseline(), window, window + PAGE)
                        >= 0;
    }

    /** What takes a page of a stand-in that has still to be written. */
    interface PageTaker {
        /**
         * Takes a page.
         *
         * @param length bytes of it that are the file's
         */
        void take(long fileOffset, MemorySegment memory, long at, int length);
    }

    /** Gives away the pages in a range of the window that have still to be written. */
    void takeUnwritten(DaxMapping mapping, long from, long to, PageTaker taker) {
        if (!mapping.writable || !mapping.hasStandIn()) {
            return;
        }
        long end = Math.min(to, mapping.standInOffset() + used(mapping));
        for (long at = Math.max(from, mapping.standInOffset()); at < end; at += PAGE) {
            if (isChanged(at)) {
                taker.take(mapping.standInFileOffset() + at - mapping.standInOffset(), memory.shared(), at, (int)
                        Math.min(PAGE, end - at));
            }
        }
    }

    /**
     * Shows a page that could not be written, in place of what the file has there.
     *
     * @return whether this stand-in will write it, if it holds it at all
     */
    boolean show(DaxMapping mapping, long fileOffset, int length, MemorySegment page, long at) {
        long offset = fileOffset - mapping.standInFileOffset();
        if (offset < 0 || offset >= mapping.standInLength()) {
            return false;
        }
        long window = mapping.standInOffset() + offset;
        MemorySegment.copy(page, at, memory.shared(), window, length);
        unwritten.set(pageOf(window), mapping.writable);
        return mapping.writable;
    }

    /** Writes pages that are kept elsewhere, see {@link FileWriter#write}. */
    int write(FileSystemSession session, DaxFile file, long offset, RegionMemory from, long at, long length) {
        return writer.write(session, file, offset, from, at, length);
    }

    /** The client's bytes are in the file now: its times say so. */
    void written(FileSystemSession session, DaxFile file) {
        writer.written(session, file);
        int _ = remember(session, file);
    }
}

package dev.oriel.device;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseAttr;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Keeps stand-ins in step with their files: fills them, writes back what the client changed, and takes over what was written to the file by
 * request. Pages that the client wrote are found by comparison with the baseline; nobody tells us. Not for several threads.
 *
 * <p>Only what the client changed is written back, by whole pages and never behind the end of the file: what a process of the host changes
 * in other pages at the same time stays.
 */
final class StandIn {
    static final int PAGE = 4096;

    /** The most bytes that one system call moves: pages that the client wrote one after another go together. */
    private static final int RUN_MAX = 1 << 20;

    private final StagingMemory memory;
    private final FuseAttrOut attributes = new FuseAttrOut();
    private final MemorySegment attributesMemory = Arena.ofAuto().allocate(FuseAttrOut.SIZE, Long.BYTES);
    private final IoVector vector = new IoVector(1);

    /** What the file holds, before it is compared with what the stand-in does. */
    private final MemorySegment fresh = Arena.ofAuto().allocate(RUN_MAX, PAGE);

    StandIn(StagingMemory memory) {
        this.memory = memory;
        attributes.at(attributesMemory, 0, ByteOrder.nativeOrder());
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

    FuseAttr attributes() {
        return attributes.attr();
    }

    /** Looks at a file, and notes if others than the client have changed it. */
    int observe(FileSystemSession session, DaxFile file) {
        int error = lookAt(session, file);
        if (error == 0) {
            file.stale |= file.differsFrom(attributes());
            file.seen(attributes());
        }
        return error;
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
        memory.release(mapping.standInOffset(), mapping.standInLength());
        return takeAll(session, mapping);
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

    /** Takes over what the file gained or lost at its end since the stand-in last knew its size: bytes that the client has no part in. */
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

    /** Takes bytes {@code [first, last)} of the file over into the stand-in, as far as they lie in it, whatever it holds there. */
    int takeOver(FileSystemSession session, DaxMapping mapping, long first, long last) {
        return take(session, mapping, position(mapping, first), position(mapping, last));
    }

    /** Where in the stand-in a byte of the file is, or the end of the stand-in that it lies behind. */
    private static long position(DaxMapping mapping, long offset) {
        return Math.clamp(offset - mapping.standInFileOffset(), 0, mapping.standInLength());
    }

    /** Bytes behind the end of the file are zeros. */
    private int take(FileSystemSession session, DaxMapping mapping, long from, long to) {
        if (from >= to) {
            return 0;
        }
        // The baseline never comes from where the client may store meanwhile: such a store would never be written back.
        MemorySegment first = mapping.writable ? memory.baseline() : memory.shared();
        long window = mapping.standInOffset() + from;
        int error = read(session, mapping, from, first.asSlice(window, to - from));
        if (error == 0 && mapping.writable) {
            MemorySegment.copy(first, window, memory.shared(), window, to - from);
        }
        return error;
    }

    /** Reads the file from a position of the stand-in on. */
    private int read(FileSystemSession session, DaxMapping mapping, long from, MemorySegment to) {
        DaxFile file = mapping.file;
        long start = mapping.standInFileOffset() + from;
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
     * Takes the file over page by page, but for pages that the client has changed and that are not yet written back: its stores win.
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
            if (changed && !differs(at)) {
                MemorySegment.copy(run, page, baseline, at, PAGE);
                MemorySegment.copy(run, page, memory.shared(), at, PAGE);
            }
        }
    }

    /**
     * Writes the pages back that the client has changed.
     *
     * @return 0, or the errno of the first that could not be written; it is tried again next time
     */
    int writeBack(FileSystemSession session, DaxMapping mapping) {
        if (!mapping.writable || !mapping.hasStandIn()) {
            return 0;
        }
        int error = observe(session, mapping.file);
        if (error != 0) {
            return error;
        }
        long length = used(mapping);
        boolean written = false;
        long page = 0;
        while (page < length) {
            long window = mapping.standInOffset() + page;
            if (!differs(window)) {
                page += PAGE;
                continue;
            }
            long run = PAGE;
            while (page + run < length && run < RUN_MAX && differs(window + run)) {
                run += PAGE;
            }
            // Written from the copy: the client may go on storing meanwhile, and what it stores then is seen the next
            // time.
            MemorySegment.copy(memory.shared(), window, memory.baseline(), window, run);
            int failed = write(session, mapping, page, Math.min(run, length - page));
            if (failed != 0) {
                dirty(window, run);
                error = error == 0 ? failed : error;
            }
            written = true;
            page += run;
        }
        if (written) {
            int _ = remember(session, mapping.file);
        }
        return error;
    }

    /** How many bytes of the stand-in lie within the file, as far as it knows the file. */
    private static long used(DaxMapping mapping) {
        long size = Math.min(mapping.knownSize, mapping.file.size);
        return Math.clamp(size - mapping.standInFileOffset(), 0, mapping.standInLength());
    }

    private int write(FileSystemSession session, DaxMapping mapping, long from, long length) {
        long done = 0;
        while (done < length) {
            vector.clear();
            vector.add(memory.baseline().address() + mapping.standInOffset() + from + done, length - done);
            long count = session.write(
                    InternalRequest.INSTANCE,
                    mapping.file.nodeid,
                    mapping.file.fh,
                    mapping.standInFileOffset() + from + done,
                    0,
                    FuseFlags.WRITE_CACHE,
                    vector);
            if (count <= 0) {
                return count < 0 ? (int) count : -Errno.EIO;
            }
            done += count;
        }
        return 0;
    }

    private boolean differs(long window) {
        return MemorySegment.mismatch(memory.shared(), window, window + PAGE, memory.baseline(), window, window + PAGE)
                >= 0;
    }

    /** Makes pages differ from their baseline, whatever they hold. */
    private void dirty(long window, long length) {
        MemorySegment shared = memory.shared();
        MemorySegment baseline = memory.baseline();
        for (long page = window; page < window + length; page += PAGE) {
            byte first = shared.get(ValueLayout.JAVA_BYTE, page);
            baseline.set(ValueLayout.JAVA_BYTE, page, (byte) ~first);
        }
    }
}

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
        return take(session, mapping, 0, mapping.standInLength());
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

    /**
     * Takes bytes of the file over into the stand-in, whatever it holds there; behind the end of the file they are zeros.
     *
     * @param from where in the stand-in, bytes
     */
    int take(FileSystemSession session, DaxMapping mapping, long from, long to) {
        DaxFile file = mapping.file;
        long window = mapping.standInOffset() + from;
        long length = to - from;
        mapping.knownSize = file.size;
        long known = Math.clamp(file.size - (mapping.standInFileOffset() + from), 0, length);
        MemorySegment shared = memory.shared();
        long done = 0;
        while (done < known) {
            vector.clear();
            vector.add(shared.address() + window + done, Math.min(known - done, RUN_MAX));
            long count = session.read(
                    InternalRequest.INSTANCE,
                    file.nodeid,
                    file.fh,
                    mapping.standInFileOffset() + from + done,
                    0,
                    vector);
            if (count < 0) {
                return (int) count;
            }
            if (count == 0) {
                break;
            }
            done += count;
        }
        shared.asSlice(window + done, length - done).fill((byte) 0);
        if (mapping.writable) {
            MemorySegment.copy(shared, window, memory.baseline(), window, length);
        }
        return 0;
    }

    /**
     * Takes the file over page by page, but for pages that the client has changed and that are not yet written back: its stores win.
     */
    int refresh(FileSystemSession session, DaxMapping mapping) {
        if (!mapping.writable) {
            return take(session, mapping, 0, mapping.standInLength());
        }
        for (long page = 0; page < mapping.standInLength(); page += PAGE) {
            if (!differs(mapping.standInOffset() + page)) {
                int error = take(session, mapping, page, page + PAGE);
                if (error != 0) {
                    return error;
                }
            }
        }
        return 0;
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

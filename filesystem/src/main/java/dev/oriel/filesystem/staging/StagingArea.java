package dev.oriel.filesystem.staging;

import dev.oriel.linux.At;
import dev.oriel.linux.CString;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FallocateMode;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.IoVector;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.linux.NameCalls;
import dev.oriel.linux.OpenFlags;
import dev.oriel.linux.TransferFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One sparse file without a name, in places of {@link Staging#CHUNK} bytes each: a memfd, or a file of a folder. A
 * place that was never written, or was given back, is all zeros and costs nothing.
 *
 * <p>For all threads; who has a place is alone with it.
 */
final class StagingArea implements AutoCloseable {
    static final int NONE = -1;

    private static final int PUNCH = FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE;

    private final Descriptor file;
    private final int places;

    /** For reads that must not wait: memory never does. */
    private final int noWait;

    private final BitSet taken = new BitSet();

    private StagingArea(Descriptor file, int places, int noWait) {
        this.file = file;
        this.places = places;
        this.noWait = noWait;
    }

    /**
     * Makes one.
     *
     * @param folder where its file lies; null for memory
     */
    static StagingArea open(@Nullable Path folder, int places) throws LinuxException {
        Descriptor file = folder == null ? memory() : unnamed(folder);
        try {
            LinuxException.check(
                    FileCalls.ftruncate(file.number(), (long) places * Staging.CHUNK),
                    "cannot make a staging file of " + (long) places * Staging.CHUNK + " bytes");
        } catch (LinuxException e) {
            file.close();
            throw e;
        }
        return new StagingArea(file, places, folder == null ? 0 : TransferFlags.RWF_NOWAIT);
    }

    private static Descriptor memory() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            return new Descriptor(LinuxException.check(
                    MemoryCalls.memfd_create(CString.of("oriel staging", arena), MemoryCalls.MFD_CLOEXEC),
                    "cannot make memory for staged files"));
        }
    }

    private static Descriptor unnamed(Path folder) throws LinuxException {
        String what = "cannot make a file for staged bytes in " + folder;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = CString.of(folder.toString(), arena);
            int flags = OpenFlags.O_RDWR | OpenFlags.O_TMPFILE;
            int opened = FileCalls.openat(At.AT_FDCWD, path, flags, 0600);
            if (opened != -Errno.EOPNOTSUPP && opened != -Errno.EISDIR) {
                return new Descriptor(LinuxException.check(opened, what));
            }
            // a file system without O_TMPFILE
            MemorySegment name =
                    CString.of(folder.resolve(".oriel-" + UUID.randomUUID()).toString(), arena);
            flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL;
            Descriptor named =
                    new Descriptor(LinuxException.check(FileCalls.openat(At.AT_FDCWD, name, flags, 0600), what));
            int _ = NameCalls.unlinkat(At.AT_FDCWD, name, 0);
            return named;
        }
    }

    /** Takes a place, all zeros; {@link #NONE} if there is none left. */
    synchronized int take() {
        int place = taken.nextClearBit(0);
        if (place >= places) {
            return NONE;
        }
        taken.set(place);
        return place;
    }

    /** Gives a place back. */
    void give(int place) {
        int emptied = zero(place, 0, Staging.CHUNK);
        synchronized (this) {
            // What could not be emptied is never given out again.
            if (emptied == 0) {
                taken.clear(place);
            }
        }
    }

    /** How many places are taken. */
    synchronized int taken() {
        return taken.cardinality();
    }

    /** How many there are. */
    int places() {
        return places;
    }

    /** Makes a range of a place zeros: 0 or an errno. */
    int zero(int place, int at, int length) {
        return FileCalls.fallocate(file.number(), PUNCH, offset(place, at), length);
    }

    /** Reads into memory: a count, or an errno. */
    long read(int place, int at, IoVector to) {
        return FileCalls.preadv2(file.number(), to, offset(place, at), 0);
    }

    /** Reads into memory, or answers {@code -EAGAIN} or another errno if that would wait for a disk. */
    long readNow(int place, int at, IoVector to) {
        return FileCalls.preadv2(file.number(), to, offset(place, at), noWait);
    }

    /** Writes from memory: a count, or an errno. */
    long write(int place, int at, IoVector from) {
        return FileCalls.pwritev2(file.number(), from, offset(place, at), 0);
    }

    private static long offset(int place, int at) {
        return (long) place * Staging.CHUNK + at;
    }

    @Override
    public void close() {
        file.close();
    }
}

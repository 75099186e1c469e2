package dev.oriel.filesystem.local;

import dev.oriel.linux.Failure;
import dev.oriel.linux.FileCalls;
import dev.oriel.linux.IoVector;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that helps with long reads of what the host has in memory: they are nothing but a copy, which two processors
 * finish sooner. The reader and this thread each take the next piece until there is none left:
 *
 * <pre>
 *   0           size        2 size      3 size            bytes
 *   +-----------+-----------+-----------+--- ... ---------+
 *   | reader    | reader    | second    |   whoever is ready
 *   +-----------+-----------+-----------+--- ... ---------+
 * </pre>
 *
 * <p>By the time that it is awake, the reader has done some of them. If it comes too late for all of them again and
 * again, there is no processor to spare, and the next reads do without it. It helps one reader at a time, and others do
 * not wait for it.
 */
final class SecondReader implements AutoCloseable {
    static final String NAME = "oriel-second-reader";

    private static final Logger LOG = System.getLogger("dev.oriel.filesystem");

    /** A read of less is over before anybody is awake. */
    static final long WORTHWHILE = 256 << 10;

    /** A read has at least so many pieces, so that some are left when the thread is awake; */
    private static final int LEAST_PIECES = 4;

    /** none of them is larger than this; */
    private static final int LARGEST_PIECE = 128 << 10;

    /** and all but the last are whole pages. */
    private static final int PAGE = 4096;

    /** When it has come too late so many times in a row, */
    private static final int MOST_MISSES = 16;

    /** so many reads do without it. */
    private static final int REST = 256;

    /**
     * How often to look whether it has finished its last piece, before the reader sleeps for a moment between looks:
     * 0.2 ms.
     */
    private static final int LOOKS = 10_000;

    private static final long MOMENT_NANOS = 20_000;

    private static final int IDLE = 0;
    private static final int CLAIMED = 1;
    private static final int OFFERED = 2;
    private static final int HELPING = 3;
    private static final int CLOSED = 4;

    private final AtomicInteger state = new AtomicInteger(IDLE);
    private final AtomicInteger next = new AtomicInteger();
    private final IoVector part = new IoVector(IoVector.SYSTEM_CALL_MAX);
    private final IoVector none = new IoVector(1);
    private final Thread thread;
    private final PieceReader reads;

    // What is read: of who claimed it, and from OFFERED on of both.
    private int descriptor;
    private long offset;
    private int flags;
    private IoVector vector = none;
    private int pieceSize;
    private int pieces;

    /** Up to where its pieces are whole. */
    private long whole;

    // Of who claimed it.
    private int misses;
    private int rest;

    SecondReader() {
        this(Thread.ofPlatform().daemon().name(NAME).factory(), FileCalls::preadv2);
    }

    /**
     * @param threads makes the thread; a test lets it fail
     * @param reads reads a piece; a test lets it throw
     */
    SecondReader(ThreadFactory threads, PieceReader reads) {
        this.reads = reads;
        thread = threads.newThread(this::help);
        try {
            thread.start();
        } catch (OutOfMemoryError none) {
            state.set(CLOSED);
            LOG.log(Level.WARNING, "long reads are done by one thread each: {0}", Failure.reason(none));
        }
    }

    /** preadv2(2). */
    @FunctionalInterface
    interface PieceReader {
        long read(int descriptor, long vector, int count, long offset, int flags);
    }

    /**
     * Reads at a place of a file, together with the thread if that is free.
     *
     * @param flags {@code RWF_*}
     * @param to where to; at least {@link #WORTHWHILE} bytes
     * @param piece memory of the caller for its part of it
     * @return bytes from the start on that are read; if not all, then a read of what is missing tells why. 0 also if it
     *     did not help
     */
    long read(int descriptor, long offset, int flags, IoVector to, IoVector piece) {
        if (!state.compareAndSet(IDLE, CLAIMED)) {
            return 0;
        }
        if (rest > 0) {
            rest--;
            state.set(IDLE);
            return 0;
        }
        this.descriptor = descriptor;
        this.offset = offset;
        this.flags = flags;
        vector = to;
        pieceSize = (int) Math.min(LARGEST_PIECE, Math.ceilDiv(to.bytes(), LEAST_PIECES * PAGE) * PAGE);
        pieces = (int) Math.ceilDiv(to.bytes(), (long) pieceSize);
        next.set(0);
        state.set(OFFERED);
        LockSupport.unpark(thread);
        long mine = 0;
        try {
            mine = take(piece);
        } finally {
            // whatever was thrown, the thread must not go on reading into memory that this request has answered for
            mine = finish(mine);
        }
        return mine;
    }

    /**
     * Takes the offer back, or waits until the thread has finished its last piece; answers up to where both have read.
     */
    private long finish(long mine) {
        next.set(pieces);
        long read = mine;
        if (state.compareAndSet(OFFERED, CLAIMED)) {
            if (++misses == MOST_MISSES) {
                misses = 0;
                rest = REST;
            }
        } else {
            await();
            misses = 0;
            read = Math.min(mine, whole);
        }
        vector = none;
        state.set(IDLE);
        return read;
    }

    /** Reads the next piece again and again; up to where the file is whole as far as this thread knows. */
    private long take(IoVector piece) {
        while (true) {
            int index = next.getAndIncrement();
            if (index >= pieces) {
                return vector.bytes();
            }
            long begin = (long) index * pieceSize;
            piece.slice(vector, begin, pieceSize);
            long read = reads.read(descriptor, piece.address(), piece.count(), offset + begin, flags);
            if (read < Math.min(pieceSize, vector.bytes() - begin)) {
                next.set(pieces);
                return begin + Math.max(0, read);
            }
        }
    }

    private void await() {
        for (int looks = 0; state.get() == HELPING; looks++) {
            if (looks < LOOKS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, MOMENT_NANOS);
            }
        }
    }

    private void help() {
        while (state.get() != CLOSED) {
            if (state.compareAndSet(OFFERED, HELPING)) {
                takePart();
            } else {
                LockSupport.park(this);
            }
        }
    }

    /**
     * The reader waits for it: so it comes to an end, whatever is thrown, and what it has not read counts as not read.
     */
    private void takePart() {
        whole = 0;
        try {
            whole = take(part);
        } catch (RuntimeException | Error failure) {
            LOG.log(Level.WARNING, "a long read goes on without help: {0}", Failure.reason(failure));
        } finally {
            next.set(pieces);
            state.set(CLAIMED);
        }
    }

    /** Ends the thread. Nobody reads. */
    @Override
    public void close() {
        state.set(CLOSED);
        LockSupport.unpark(thread);
    }
}

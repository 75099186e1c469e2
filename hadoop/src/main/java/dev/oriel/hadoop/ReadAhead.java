package dev.oriel.hadoop;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.fs.FSDataInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file in large blocks as long as it is read on, though requests come a little out of order, and reads the next
 * ones while a guest is given this one; what is read here and there is asked for by itself. Few files at once have the
 * memory for that: the others are asked for piece by piece. Under the lock of the file, but for what the threads of
 * {@link Cluster#readers} do, one after the other for one stream.
 */
final class ReadAhead {
    private static final System.Logger LOG = System.getLogger("dev.oriel.hadoop");

    private static final int BLOCK = 1 << 20;

    /** Blocks that are fetched before they are asked for. */
    private static final int AHEAD = 2;

    /** The one that is asked for, the one before it, and those ahead. */
    private static final int BLOCKS = AHEAD + 2;

    /** A place that is no further away than this is where the reader goes on. */
    private static final int NEAR = 4 * BLOCK;

    private static final int ENOUGH = 2;
    private static final long NOWHERE = Long.MIN_VALUE;
    private static final CompletableFuture<Integer> NOTHING = CompletableFuture.completedFuture(0);

    private static final class Block {
        final byte[] bytes = new byte[BLOCK];
        long index = NOWHERE;

        /** How many bytes it has, once they are there. */
        CompletableFuture<Integer> count = NOTHING;
    }

    private final Semaphore places;
    private final Executor readers;
    private Block[] blocks = {};
    private long expected;
    private int inARow;

    /** The foremost block that was asked for. */
    private long foremost = NOWHERE;

    /** The last read of the stream that was asked for: what comes next waits for it. */
    private CompletableFuture<Integer> last = NOTHING;

    /** Whether what is on its way is still wanted; another one for each stream. */
    private AtomicBoolean wanted = new AtomicBoolean(true);

    /**
     * @param places how many files may read ahead at once
     * @param readers threads that may wait
     */
    ReadAhead(Semaphore places, Executor readers) {
        this.places = places;
        this.readers = readers;
    }

    /**
     * Reads until the buffer is full or the file ends.
     *
     * @param in the same until {@link #forget}
     * @param size of the file, bytes: nothing behind it is fetched ahead
     * @return how many bytes
     */
    int read(FSDataInputStream in, long size, long offset, ByteBuffer to, byte[] scratch) throws IOException {
        int wanted = to.remaining();
        boolean goesOn = Math.abs(offset - expected) <= NEAR;
        inARow = goesOn ? Math.min(inARow + 1, ENOUGH) : 0;
        expected = offset + wanted;
        if (!goesOn) {
            foremost = NOWHERE;
        }
        if (inARow < ENOUGH || !hasBlocks()) {
            return direct(in, offset, wanted, to, scratch);
        }
        int done = 0;
        int count = 1;
        while (done < wanted && count > 0) {
            long at = offset + done;
            int length = (int) Math.min(wanted - done, BLOCK - at % BLOCK);
            Block block = block(in, size, at / BLOCK);
            count = block == null ? direct(in, at, length, to, scratch) : copy(block, (int) (at % BLOCK), length, to);
            done += count;
        }
        return done;
    }

    private boolean hasBlocks() {
        if (blocks.length == 0 && places.tryAcquire()) {
            try {
                blocks = newBlocks();
            } finally {
                if (blocks.length == 0) {
                    places.release();
                }
            }
        }
        return blocks.length > 0;
    }

    private static Block[] newBlocks() {
        Block[] blocks = new Block[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = new Block();
        }
        return blocks;
    }

    private static int copy(Block block, int from, int length, ByteBuffer to) throws IOException {
        int count;
        try {
            count = block.count.join();
        } catch (CompletionException failed) {
            block.index = NOWHERE;
            throw failed.getCause() instanceof IOException lost ? lost : new IOException(failed);
        }
        int copied = Math.clamp(count - from, 0, length);
        to.put(block.bytes, from, copied);
        return copied;
    }

    /** The block of an index, which may be on its way; null if the reader has passed it. */
    private @Nullable Block block(FSDataInputStream in, long size, long index) {
        Block found = find(index);
        if (index < foremost) {
            return found; // and nothing is fetched, which could take its place
        }
        foremost = index;
        if (found == null) {
            found = fetch(in, index);
        }
        for (long next = foremost + 1; next <= foremost + AHEAD && next * BLOCK < size; next++) {
            if (find(next) == null) {
                Block _ = fetch(in, next);
            }
        }
        return found;
    }

    private @Nullable Block find(long index) {
        for (Block block : blocks) {
            if (block.index == index) {
                return block;
            }
        }
        return null;
    }

    /** How many bytes there are from an offset on that need not be waited for, up to the end of a block. */
    long atHand(long offset) {
        Block block = find(offset / BLOCK);
        boolean isThere = block != null && block.count.isDone() && !block.count.isCompletedExceptionally();
        return block == null || !isThere ? 0 : Math.max(0, block.count.join() - offset % BLOCK);
    }

    /** Whether the block of an offset is there or on its way. */
    boolean has(long offset) {
        return find(offset / BLOCK) != null;
    }

    /** Begins to fetch a block, in place of one that is not wanted any more. */
    private Block fetch(FSDataInputStream in, long index) {
        Block block = blocks[0];
        for (Block other : blocks) {
            if (other.index < foremost - 1 || other.index > foremost + AHEAD) {
                block = other;
                break;
            }
        }
        Block fetched = block;
        fetched.index = index;
        AtomicBoolean still = wanted;
        fetched.count = last.handleAsync((_, _) -> fill(in, index * BLOCK, fetched.bytes, still), readers);
        last = fetched.count;
        return fetched;
    }

    /** Alone, as {@link #direct}: some streams, WebHDFS's among them, seek for a read at a place, and seek back. */
    private static int fill(FSDataInputStream in, long start, byte[] bytes, AtomicBoolean wanted) {
        synchronized (in) {
            return fillAlone(in, start, bytes, wanted);
        }
    }

    private static int fillAlone(FSDataInputStream in, long start, byte[] bytes, AtomicBoolean wanted) {
        try {
            if (wanted.get() && in.getPos() != start) {
                in.seek(start);
            }
            int done = 0;
            int count = 0;
            while (done < bytes.length && count >= 0 && wanted.get()) {
                count = in.read(bytes, done, bytes.length - done);
                done += Math.max(0, count);
            }
            return done;
        } catch (IOException lost) {
            throw new CompletionException(lost);
        }
    }

    private static int direct(FSDataInputStream in, long offset, int wanted, ByteBuffer to, byte[] scratch)
            throws IOException {
        int done = 0;
        int count = 0;
        synchronized (in) {
            while (done < wanted && count >= 0) {
                count = in.read(offset + done, scratch, done, wanted - done);
                done += Math.max(0, count);
            }
        }
        to.put(scratch, 0, done);
        return done;
    }

    /**
     * Forgets what was read: the file is another.
     *
     * @param in what was read, if anything was; it is closed when nobody reads it any more
     */
    void forget(@Nullable FSDataInputStream in) {
        CompletableFuture<Integer> before = last;
        wanted.set(false);
        wanted = new AtomicBoolean(true);
        last = NOTHING;
        if (!before.isDone() && blocks.length > 0) {
            // still written to: until that ends they keep their place, so their number is bounded
            blocks = new Block[0];
            var _ = before.whenComplete((_, _) -> places.release());
        }
        for (Block block : blocks) {
            block.index = NOWHERE;
        }
        foremost = NOWHERE;
        inARow = 0;
        if (in != null) {
            var _ = before.whenComplete((_, _) -> close(in));
        }
    }

    private static void close(FSDataInputStream in) {
        try {
            in.close();
        } catch (IOException lost) {
            LOG.log(Level.DEBUG, "a file that was read cannot be closed", lost);
        }
    }

    /** Gives the memory back. */
    void close() {
        if (blocks.length > 0) {
            blocks = new Block[0];
            places.release();
        }
        foremost = NOWHERE;
        inARow = 0;
    }
}

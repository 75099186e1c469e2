package dev.oriel.hadoop;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * Reads a file in large blocks as long as it is read on, though requests come a little out of order; what is read here
 * and there is asked for by itself. Few files at once have the memory for that: the others are asked for piece by
 * piece. Under the lock of the file.
 */
final class ReadAhead {
    private static final int BLOCK = 2 << 20;

    /** A place that is no further away than this is where the reader goes on. */
    private static final int NEAR = 2 * BLOCK;

    private static final int ENOUGH = 2;

    private static final class Block {
        final byte[] bytes = new byte[BLOCK];
        long index = -1;
        int count;
    }

    private final Semaphore places;
    private Block[] blocks = {};
    private long expected;
    private int inARow;
    private int next;

    /** @param places how many files may read ahead at once */
    ReadAhead(Semaphore places) {
        this.places = places;
    }

    /**
     * Reads until the buffer is full or the file ends.
     *
     * @return how many bytes
     */
    int read(FSDataInputStream in, long offset, ByteBuffer to, byte[] scratch) throws IOException {
        int wanted = to.remaining();
        boolean goesOn = Math.abs(offset - expected) <= NEAR;
        inARow = goesOn ? Math.min(inARow + 1, ENOUGH) : 0;
        expected = offset + wanted;
        if (inARow < ENOUGH || !hasBlocks()) {
            return direct(in, offset, to, scratch);
        }
        int done = 0;
        while (done < wanted) {
            long at = offset + done;
            Block block = block(in, at / BLOCK);
            int from = (int) (at % BLOCK);
            int count = Math.min(block.count - from, wanted - done);
            if (count <= 0) {
                break;
            }
            to.put(block.bytes, from, count);
            done += count;
        }
        return done;
    }

    private boolean hasBlocks() {
        if (blocks.length == 0 && places.tryAcquire()) {
            blocks = new Block[] {new Block(), new Block()};
        }
        return blocks.length > 0;
    }

    private Block block(FSDataInputStream in, long index) throws IOException {
        for (Block block : blocks) {
            if (block.index == index) {
                return block;
            }
        }
        Block block = blocks[next];
        next = (next + 1) % blocks.length;
        block.index = -1;
        block.count = 0;
        long start = index * BLOCK;
        if (in.getPos() != start) {
            in.seek(start);
        }
        int count = 0;
        while (block.count < BLOCK && count >= 0) {
            count = in.read(block.bytes, block.count, BLOCK - block.count);
            block.count += Math.max(0, count);
        }
        block.index = index;
        return block;
    }

    private static int direct(FSDataInputStream in, long offset, ByteBuffer to, byte[] scratch) throws IOException {
        int wanted = to.remaining();
        int done = 0;
        int count = 0;
        while (done < wanted && count >= 0) {
            count = in.read(offset + done, scratch, done, wanted - done);
            done += Math.max(0, count);
        }
        to.put(scratch, 0, done);
        return done;
    }

    /** Forgets what was read: the file is another. */
    void forget() {
        for (Block block : blocks) {
            block.index = -1;
        }
        inARow = 0;
    }

    /** Gives the memory back. */
    void close() {
        if (blocks.length > 0) {
            blocks = new Block[0];
            places.release();
        }
        inARow = 0;
    }
}

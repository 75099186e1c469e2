package dev.oriel.filesystem.local;

import dev.oriel.linux.DirentReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;

/** Buffers for getdents64, used again: a tree walk opens and closes a directory for every few requests. */
final class DirentBuffers {
    /** Bytes of a buffer: what glibc's readdir takes too. */
    static final int SIZE = 32 * 1024;

    private static final int KEPT = 64;

    private final ArrayBlockingQueue<Buffer> spare = new ArrayBlockingQueue<>(KEPT);

    /** Memory, and a reader over it. */
    record Buffer(MemorySegment memory, DirentReader reader) {}

    Buffer take() {
        Buffer buffer = spare.poll();
        if (buffer == null) {
            MemorySegment memory = Arena.ofAuto().allocate(SIZE, Long.BYTES);
            buffer = new Buffer(memory, new DirentReader(memory));
        }
        buffer.reader().reset(0);
        return buffer;
    }

    void give(Buffer buffer) {
        boolean kept = spare.offer(buffer);
        assert kept || spare.size() > 0;
    }
}

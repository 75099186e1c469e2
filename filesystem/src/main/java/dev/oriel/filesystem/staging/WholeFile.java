package dev.oriel.filesystem.staging;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * All bytes of a staged file, for as long as its lock is held.
 *
 * @param size bytes
 */
record WholeFile(Chunks chunks, long size) implements StagedBytes {
    private static final int CHUNK = Staging.CHUNK;

    @Override
    public void writeTo(long from, OutputStream out) throws IOException {
        Scratch scratch = Scratch.current();
        byte[] bytes = new byte[CHUNK];
        for (long at = Math.max(0, from); at < size; ) {
            int length = (int) Math.min(size - at, CHUNK - at % CHUNK);
            chunks.read(at / CHUNK, (int) (at % CHUNK), length, scratch);
            MemorySegment.copy(scratch.memory(), ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
            out.write(bytes, 0, length);
            at += length;
        }
    }
}

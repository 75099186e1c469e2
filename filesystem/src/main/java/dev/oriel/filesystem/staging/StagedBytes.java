package dev.oriel.filesystem.staging;

import java.io.IOException;
import java.io.OutputStream;

/** What a file is to hold: given to a {@link StagedStore}, and good during that call. For one thread. */
public interface StagedBytes {
    /** The length of the whole file, bytes. */
    long size();

    /**
     * Writes all bytes from an offset to the end of the file. What is not staged is read from the store meanwhile
     * ({@link StagedStore#read}): the file that is there must still have its bytes.
     *
     * @throws IOException what the stream or the store throws, or what the staged bytes cannot be read for
     */
    void writeTo(long from, OutputStream out) throws IOException;
}

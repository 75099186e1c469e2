package dev.oriel.filesystem.staging;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One file where it is kept, as the file system that keeps it gives it to a {@link StagedFile}. Called by one thread at
 * a time, under the lock of that staged file, by threads that may block. Whatever is thrown becomes an errno ({@code
 * ThrownErrno}).
 */
public interface StagedStore {
    /**
     * What the file is now.
     *
     * @param size bytes
     * @param stamp equal as long as nobody has changed the file: a time, a number of a version, an etag
     */
    record Version(long size, Object stamp) {}

    /** Asks what the file is now. */
    Version version() throws IOException;

    /**
     * Reads bytes of the file as it is in the store.
     *
     * @param to filled from its position on; what is left of it stays as it is
     * @return how many: fewer than wanted at the end of the file only, and 0 behind it
     */
    int read(long offset, ByteBuffer to) throws IOException;

    /**
     * How many bytes can be read from an offset on without waiting, because they are in memory: these are staged with
     * what a client asks for, so that what it asks for next is there.
     */
    default long atHand(long offset) {
        return 0;
    }

    /**
     * Whether it fetches by itself what a client that reads in order asks for from an offset on. A file that would take
     * much of what can be staged is then read without staging.
     */
    default boolean readsAhead(long offset) {
        return false;
    }

    /**
     * Makes the file hold {@code bytes}, which differ from what it holds from an offset on only: by an append, or by a
     * truncation and an append. A store offers this where whoever looks after a crash finds the bytes before {@code
     * from} and nothing else wrong; by default none does.
     *
     * @return false if it cannot, and nothing was changed: then {@link #replace} is asked
     */
    default boolean replaceTail(long from, StagedBytes bytes) throws IOException {
        return false;
    }

    /**
     * Makes the file hold {@code bytes}: written under a temporary name in the same directory, made durable, and
     * renamed over the file in one step. Whatever is thrown in between, the file is the one before, and the temporary
     * name gone.
     */
    void replace(StagedBytes bytes) throws IOException;

    /** Gives back what it holds between calls, as a stream or a connection: nobody has the file open any more. */
    default void rest() throws IOException {}
}

package dev.oriel.filesystem.staging;

import dev.oriel.linux.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** What a thread needs to move bytes between a store, staged chunks and a client. */
final class Scratch {
    /** The most chunks that are fetched at once. */
    static final int MOST_CHUNKS = 8;

    private static final ThreadLocal<Scratch> CURRENT = ThreadLocal.withInitial(Scratch::new);

    private @Nullable MemorySegment memory;

    /** Parts of a client's memory. */
    final IoVector part = new IoVector(IoVector.SYSTEM_CALL_MAX);

    private final IoVector own = new IoVector(1);

    private Scratch() {}

    static Scratch current() {
        return CURRENT.get();
    }

    /** Memory for {@link #MOST_CHUNKS}; a thread that needs none has none. */
    MemorySegment memory() {
        MemorySegment there = memory;
        if (there == null) {
            there = Arena.ofAuto().allocate((long) MOST_CHUNKS * Staging.CHUNK, 64);
            memory = there;
        }
        return there;
    }

    /** A range of {@link #memory}, for a system call. */
    IoVector own(long from, long length) {
        own.clear();
        own.add(memory().address() + from, length);
        return own;
    }
}

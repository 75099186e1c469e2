package dev.oriel.linux;

import static java.lang.ref.Reference.reachabilityFence;

import java.lang.foreign.MemorySegment;

/** Reads and writes of one piece of memory, for tests. */
final class Transfers {
    /** In place of an offset: where the descriptor is. */
    private static final long CURRENT = -1;

    private Transfers() {}

    static long read(int fd, MemorySegment buffer, long length) {
        return pread(fd, buffer, length, CURRENT);
    }

    static long pread(int fd, MemorySegment buffer, long length, long offset) {
        try {
            return FileCalls.preadv2(fd, piece(buffer, length), offset, 0);
        } finally {
            reachabilityFence(buffer);
        }
    }

    static long pwrite(int fd, MemorySegment buffer, long length, long offset) {
        try {
            return FileCalls.pwritev2(fd, piece(buffer, length), offset, 0);
        } finally {
            reachabilityFence(buffer);
        }
    }

    private static IoVector piece(MemorySegment buffer, long length) {
        IoVector piece = new IoVector(1);
        piece.add(buffer.asSlice(0, length).address(), length);
        return piece;
    }
}

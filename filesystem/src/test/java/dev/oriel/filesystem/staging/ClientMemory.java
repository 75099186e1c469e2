package dev.oriel.filesystem.staging;

import dev.oriel.linux.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Memory of a client, in pieces that begin and end anywhere. */
final class ClientMemory {
    private final MemorySegment memory = Arena.ofAuto().allocate(4 << 20);
    private final IoVector pieces = new IoVector(64);

    IoVector room(int length) {
        pieces.clear();
        int at = 0;
        int piece = 4096;
        while (at < length) {
            int part = pieces.count() == pieces.capacity() - 1 ? length - at : Math.min(piece, length - at);
            pieces.add(memory.address() + at, part);
            at += part;
            piece = piece == 4096 ? 70_001 : 4096;
        }
        return pieces;
    }

    IoVector with(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return room(bytes.length);
    }

    byte[] bytes(long length) {
        return memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
}

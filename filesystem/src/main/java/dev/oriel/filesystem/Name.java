package dev.oriel.filesystem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * One name (or the target of a symbolic link) of a request: bytes with a NUL behind them, in memory that the client
 * cannot change.
 *
 * <p>A directory entry's name has been checked where it entered: 1 to 255 bytes, no NUL and no {@code '/'} in it, and
 * neither {@code "."} nor {@code ".."}. The object and its memory are used again for the next request: a file system
 * that wants to keep a name copies it.
 */
public final class Name {
    private final MemorySegment segment;
    private int length;

    /**
     * A name over {@code segment}, empty at first.
     *
     * @param segment native memory of the owner of this name, as large as the longest name and its NUL
     */
    public Name(MemorySegment segment) {
        this.segment = segment;
        segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    }

    /** The bytes and the NUL, from offset 0; to be given to a system call as it is. */
    public MemorySegment segment() {
        return segment;
    }

    /** The number of bytes, without the NUL. */
    public int length() {
        return length;
    }

    /** The byte at {@code index}. */
    public byte at(int index) {
        return segment.get(ValueLayout.JAVA_BYTE, index);
    }

    /**
     * Takes {@code length} bytes of {@code source}.
     *
     * @return whether they fit
     */
    public boolean set(MemorySegment source, long offset, int length) {
        if (length >= segment.byteSize()) {
            return false;
        }
        MemorySegment.copy(source, offset, segment, 0, length);
        segment.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
        this.length = length;
        return true;
    }

    /**
     * Takes the bytes of {@code beginning} and {@code length} bytes of {@code source} behind them.
     *
     * @return whether they fit
     */
    public boolean set(byte[] beginning, MemorySegment source, int length) {
        int sum = beginning.length + length;
        if (sum >= segment.byteSize()) {
            return false;
        }
        MemorySegment.copy(beginning, 0, segment, ValueLayout.JAVA_BYTE, 0, beginning.length);
        MemorySegment.copy(source, 0, segment, beginning.length, length);
        segment.set(ValueLayout.JAVA_BYTE, sum, (byte) 0);
        this.length = sum;
        return true;
    }

    /** The name as text, malformed UTF-8 replaced; for messages and for file systems that speak {@code String}. */
    @Override
    public String toString() {
        return new String(segment.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
}

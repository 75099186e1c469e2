package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Strings of C: bytes that end with NUL. Linux gives names no encoding; text is read and written as UTF-8. */
public final class CString {
    /** The empty path, for calls with {@link At#AT_EMPTY_PATH}. Never freed. */
    public static final MemorySegment EMPTY = Arena.global().allocate(1).asReadOnly();

    private CString() {}

    /**
     * Copies text as UTF-8.
     *
     * @param arena owner of the memory
     * @return the bytes and a NUL; the size of the segment counts both
     * @throws IllegalArgumentException if the text contains NUL
     */
    public static MemorySegment of(String text, Arena arena) {
        return of(text.getBytes(StandardCharsets.UTF_8), arena);
    }

    /**
     * Copies bytes and adds a NUL.
     *
     * @param arena owner of the memory
     * @throws IllegalArgumentException if one of the bytes is NUL
     */
    public static MemorySegment of(byte[] bytes, Arena arena) {
        for (byte b : bytes) {
            if (b == 0) {
                throw new IllegalArgumentException("a C string cannot contain NUL");
            }
        }
        MemorySegment copy = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, copy, JAVA_BYTE, 0, bytes.length);
        copy.set(JAVA_BYTE, bytes.length, (byte) 0);
        return copy;
    }

    /**
     * Finds the NUL that ends a string.
     *
     * @param offset where the string begins
     * @param limit how many bytes may be looked at; memory shared with another side may change afterwards
     * @return the length without the NUL, or -1 if there is none within the limit
     */
    public static int length(MemorySegment memory, long offset, int limit) {
        for (int i = 0; i < limit; i++) {
            if (memory.get(JAVA_BYTE, offset + i) == 0) {
                return i;
            }
        }
        return -1;
    }

    /** Copies {@code length} bytes into an array, for example the name of a directory entry. */
    public static byte[] bytes(MemorySegment memory, long offset, int length) {
        byte[] copy = new byte[length];
        MemorySegment.copy(memory, JAVA_BYTE, offset, copy, 0, length);
        return copy;
    }

    /** Reads {@code length} bytes as UTF-8; what is not UTF-8 becomes U+FFFD, so the text is for people only. */
    public static String text(MemorySegment memory, long offset, int length) {
        return new String(bytes(memory, offset, length), StandardCharsets.UTF_8);
    }

    /**
     * Reads the string at the start of a segment as UTF-8.
     *
     * @throws IllegalArgumentException if no NUL ends it within the segment
     */
    public static String text(MemorySegment memory) {
        int length = length(memory, 0, (int) Math.min(memory.byteSize(), Integer.MAX_VALUE));
        if (length < 0) {
            throw new IllegalArgumentException("no NUL ends the string");
        }
        return text(memory, 0, length);
    }
}

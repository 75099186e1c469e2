package dev.oriel.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code struct file_handle} (include/linux/fs.h): what a file system needs to find a file again without its name.
 *
 * <p>Host byte order. For one thread at a time; allocate it once and use it again.
 *
 * <pre>
 *   0         4         8                      8 + length
 *   +---------+---------+-------- ... ---------+
 *   | length  | type    | opaque bytes         |
 *   +---------+---------+-------- ... ---------+
 * </pre>
 */
public final class FileHandleBuffer {
    /** Most opaque bytes a handle can have (MAX_HANDLE_SZ). */
    public static final int MAX_LENGTH = 128;

    private static final int LENGTH = 0;
    private static final int TYPE = 4;
    private static final int BYTES = 8;

    private final MemorySegment segment;

    /** Memory that is freed with this object. */
    public FileHandleBuffer() {
        this(Arena.ofAuto());
    }

    /** @param arena owner of the memory */
    public FileHandleBuffer(Arena arena) {
        segment = arena.allocate(BYTES + MAX_LENGTH, Long.BYTES);
    }

    /** The structure itself. */
    public MemorySegment segment() {
        return segment;
    }

    /** How many opaque bytes the handle has. */
    public int length() {
        return segment.get(JAVA_INT, LENGTH);
    }

    /** The file system's own number for the kind of handle. */
    public int type() {
        return segment.get(JAVA_INT, TYPE);
    }

    /** One of the opaque bytes. */
    public byte at(int index) {
        return segment.get(JAVA_BYTE, BYTES + (long) index);
    }

    /** A copy of the opaque bytes. */
    public byte[] bytes() {
        return CString.bytes(segment, BYTES, length());
    }

    /**
     * Makes this the handle that was taken apart with {@link #type()} and {@link #bytes()}.
     *
     * @throws IllegalArgumentException if there are more bytes than a handle can have
     */
    public void set(int type, byte[] bytes) {
        if (bytes.length > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a file handle has at most " + MAX_LENGTH + " bytes, not " + bytes.length);
        }
        segment.set(JAVA_INT, LENGTH, bytes.length);
        segment.set(JAVA_INT, TYPE, type);
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, BYTES, bytes.length);
    }

    /** Tells name_to_handle_at how many bytes there is room for. */
    void offerCapacity() {
        segment.set(JAVA_INT, LENGTH, MAX_LENGTH);
        segment.set(JAVA_INT, TYPE, 0);
    }
}

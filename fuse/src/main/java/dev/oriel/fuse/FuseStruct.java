package dev.oriel.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A structure of the FUSE protocol, laid over memory: it holds no values of its own, every getter reads and every
 * setter writes the memory, in the byte order of the session. Used again and again for other places; not for several
 * threads.
 *
 * <p>Memory that the other side can change gives another value at each read: read a field once, or lay the structure
 * over a private copy.
 *
 * <p>The order is a flag and not a type: a test of one bit that is always predicted right costs nothing measurable,
 * also in a process that serves clients of both orders.
 */
public abstract class FuseStruct {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

    private MemorySegment segment = MemorySegment.NULL;
    private long base;
    private boolean swapped;

    /** Only this package knows the protocol. */
    FuseStruct() {}

    /** The size of the structure in bytes, without what follows it. */
    public abstract int structSize();

    /**
     * Lays the structure over {@code [offset, offset + structSize())} of {@code segment}.
     *
     * @param order the byte order of the session, as its FUSE_INIT told
     */
    public final void at(MemorySegment segment, long offset, ByteOrder order) {
        this.segment = segment;
        this.base = offset;
        this.swapped = order != ByteOrder.nativeOrder();
    }

    /** Sets all bytes to zero. */
    public final void clear() {
        int size = structSize();
        for (int at = 0; at < size; at += Integer.BYTES) {
            segment.set(U32, base + at, 0);
        }
    }

    /** Takes all bytes of a structure of the same kind and byte order. */
    public final void copyFrom(FuseStruct other) {
        MemorySegment.copy(other.segment, other.base, segment, base, structSize());
    }

    /** Lays {@code part}, a structure that is embedded in this one, over its place. */
    final <T extends FuseStruct> T embedded(T part, int offset) {
        FuseStruct struct = part;
        struct.segment = segment;
        struct.base = base + offset;
        struct.swapped = swapped;
        return part;
    }

    final int u16(int offset) {
        short value = segment.get(U16, base + offset);
        return Short.toUnsignedInt(swapped ? Short.reverseBytes(value) : value);
    }

    final void u16(int offset, int value) {
        short bits = (short) value;
        segment.set(U16, base + offset, swapped ? Short.reverseBytes(bits) : bits);
    }

    final int u32(int offset) {
        int value = segment.get(U32, base + offset);
        return swapped ? Integer.reverseBytes(value) : value;
    }

    final void u32(int offset, int value) {
        segment.set(U32, base + offset, swapped ? Integer.reverseBytes(value) : value);
    }

    final long u64(int offset) {
        long value = segment.get(U64, base + offset);
        return swapped ? Long.reverseBytes(value) : value;
    }

    final void u64(int offset, long value) {
        segment.set(U64, base + offset, swapped ? Long.reverseBytes(value) : value);
    }
}

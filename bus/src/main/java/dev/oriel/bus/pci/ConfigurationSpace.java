package dev.oriel.bus.pci;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The 256 bytes that are the configuration space of a PCI function of header type 0, little endian: what a driver reads, which bits of it he can
 * write, and the list of capabilities.
 *
 * <pre>
 *   00  vendor, device     10  BARs 0 to 5                 40  capabilities, each { id, next, ... }
 *   04  command, status    2c  subsystem vendor, device
 *   08  revision, class    34  first capability
 *   0e  header type        3c  interrupt line, pin
 * </pre>
 *
 * <p>A BAR is sized by writing ones to it: the bits of an address inside of it cannot be written. Not for several threads.
 */
final class ConfigurationSpace {
    static final int SIZE = 256;

    static final int COMMAND = 0x04;
    static final int COMMAND_MEMORY = 0x2;

    private static final int COMMAND_BUS_MASTER = 0x4;
    private static final int COMMAND_INTX_DISABLE = 0x400;
    private static final int STATUS = 0x06;
    private static final int STATUS_CAPABILITIES = 0x10;
    private static final int REVISION = 0x08;
    private static final int CLASS = 0x09;
    private static final int CACHE_LINE_SIZE = 0x0c;
    private static final int LATENCY_TIMER = 0x0d;
    private static final int BAR_0 = 0x10;
    private static final int SUBSYSTEM_VENDOR = 0x2c;
    private static final int SUBSYSTEM = 0x2e;
    private static final int CAPABILITIES_POINTER = 0x34;
    private static final int INTERRUPT_LINE = 0x3c;
    private static final int FIRST_CAPABILITY = 0x40;

    private static final int BAR_64_BIT_PREFETCHABLE = 0xc;
    private static final int BAR_FLAGS = 0xf;

    private final ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer writable = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] atReset = new byte[SIZE];
    private int lastCapability = CAPABILITIES_POINTER;
    private int end = FIRST_CAPABILITY;

    /** @param classCode base class, subclass and interface, 8 bits each from the highest */
    ConfigurationSpace(int vendor, int device, int revision, int classCode, int subsystem) {
        bytes.putShort(0, (short) vendor);
        bytes.putShort(2, (short) device);
        bytes.putShort(STATUS, (short) STATUS_CAPABILITIES);
        bytes.put(REVISION, (byte) revision);
        bytes.put(CLASS, (byte) classCode);
        bytes.putShort(CLASS + 1, (short) (classCode >>> 8));
        bytes.putShort(SUBSYSTEM_VENDOR, (short) vendor);
        bytes.putShort(SUBSYSTEM, (short) subsystem);
        writable.putShort(COMMAND, (short) (COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_INTX_DISABLE));
        writable.put(CACHE_LINE_SIZE, (byte) 0xff);
        writable.put(LATENCY_TIMER, (byte) 0xff);
        writable.put(INTERRUPT_LINE, (byte) 0xff);
    }

    /** Makes a BAR of memory below 4 GiB. */
    void addBar(int bar, int length) {
        writable.putInt(BAR_0 + 4 * bar, -length);
    }

    /** Makes a BAR, and the one after it, of memory that may be anywhere and has no side effects. */
    void addPrefetchableBar(int bar, long length) {
        bytes.putInt(BAR_0 + 4 * bar, BAR_64_BIT_PREFETCHABLE);
        writable.putLong(BAR_0 + 4 * bar, -length & ~(long) BAR_FLAGS);
    }

    /** Appends a capability: the bytes after its id and next pointer. Answers where it begins. */
    int addCapability(int id, byte[] body) {
        int offset = end;
        bytes.put(lastCapability, (byte) offset);
        bytes.put(offset, (byte) id);
        bytes.put(offset + 2, body);
        lastCapability = offset + 1;
        end = (offset + 2 + body.length + 3) & ~3;
        return offset;
    }

    /** Sets 4 bytes of what there is at first. */
    void initialInt(int offset, int value) {
        bytes.putInt(offset, value);
    }

    /** Sets a byte of what there is at first. */
    void initialByte(int offset, int value) {
        bytes.put(offset, (byte) value);
    }

    /** Makes bits writable, 32 of them from a byte on. */
    void makeWritable(int offset, int bits) {
        writable.putInt(offset, writable.getInt(offset) | bits);
    }

    /** What there is now is what {@link #reset} goes back to. */
    void seal() {
        bytes.get(0, atReset);
    }

    void reset() {
        bytes.put(0, atReset);
    }

    int getShort(int offset) {
        return Short.toUnsignedInt(bytes.getShort(offset));
    }

    int getInt(int offset) {
        return bytes.getInt(offset);
    }

    int getByte(int offset) {
        return Byte.toUnsignedInt(bytes.get(offset));
    }

    /** Some of the bytes themselves. */
    MemorySegment slice(int offset, int length) {
        return MemorySegment.ofBuffer(bytes).asSlice(offset, length);
    }

    /** The address that a BAR was given, of 32 bits or 64; 0 at first. */
    long address(int bar) {
        int low = bytes.getInt(BAR_0 + 4 * bar);
        boolean wide = (low & BAR_FLAGS) == BAR_64_BIT_PREFETCHABLE;
        long high = wide ? bytes.getInt(BAR_0 + 4 * bar + 4) : 0;
        return high << Integer.SIZE | Integer.toUnsignedLong(low & ~BAR_FLAGS);
    }

    /** Reads bytes, all of them within the space. */
    void read(int offset, MemorySegment destination) {
        MemorySegment.copy(MemorySegment.ofBuffer(bytes), offset, destination, 0, destination.byteSize());
    }

    /** Writes bytes, all of them within the space; bits that cannot be written stay. */
    void write(int offset, MemorySegment source) {
        for (int i = 0; i < source.byteSize(); i++) {
            int mask = writable.get(offset + i);
            int value = (bytes.get(offset + i) & ~mask) | (source.get(ValueLayout.JAVA_BYTE, i) & mask);
            bytes.put(offset + i, (byte) value);
        }
    }
}

package dev.oriel.bus.pci;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The 256 bytes that are the configuration space of a PCI function of header type 0, little endian: what a driver
 * reads, which bits of it he can write, and the list of capabilities ({@link PciRegisters}).
 *
 * <p>A BAR is sized by writing ones to it: the bits of an address inside of it cannot be written. Not for several
 * threads.
 */
final class ConfigurationSpace {

    private static final int BAR_64_BIT_PREFETCHABLE = PciRegisters.BAR_64_BIT | PciRegisters.BAR_PREFETCHABLE;

    private final ByteBuffer bytes =
            ByteBuffer.allocate(PciRegisters.SPACE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer writable =
            ByteBuffer.allocate(PciRegisters.SPACE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] atReset = new byte[PciRegisters.SPACE_SIZE];
    private int lastCapability = PciRegisters.CAPABILITIES_POINTER;
    private int end = PciRegisters.FIRST_CAPABILITY;

    /** @param classCode base class, subclass and interface, 8 bits each from the highest */
    ConfigurationSpace(int vendor, int device, int revision, int classCode, int subsystem) {
        bytes.putShort(PciRegisters.VENDOR_ID, (short) vendor);
        bytes.putShort(PciRegisters.DEVICE_ID, (short) device);
        bytes.putShort(PciRegisters.STATUS, (short) PciRegisters.STATUS_CAPABILITIES);
        bytes.put(PciRegisters.REVISION, (byte) revision);
        bytes.put(PciRegisters.CLASS, (byte) classCode);
        bytes.putShort(PciRegisters.CLASS + 1, (short) (classCode >>> 8));
        bytes.putShort(PciRegisters.SUBSYSTEM_VENDOR_ID, (short) vendor);
        bytes.putShort(PciRegisters.SUBSYSTEM_ID, (short) subsystem);
        writable.putShort(PciRegisters.COMMAND, (short)
                (PciRegisters.COMMAND_MEMORY | PciRegisters.COMMAND_BUS_MASTER | PciRegisters.COMMAND_INTX_DISABLE));
        writable.put(PciRegisters.CACHE_LINE_SIZE, (byte) 0xff);
        writable.put(PciRegisters.LATENCY_TIMER, (byte) 0xff);
        writable.put(PciRegisters.INTERRUPT_LINE, (byte) 0xff);
    }

    /** Makes a BAR of memory below 4 GiB. */
    void addBar(int bar, int length) {
        writable.putInt(PciRegisters.BAR_0 + 4 * bar, -length);
    }

    /** Makes a BAR, and the one after it, of memory that may be anywhere and has no side effects. */
    void addPrefetchableBar(int bar, long length) {
        bytes.putInt(PciRegisters.BAR_0 + 4 * bar, BAR_64_BIT_PREFETCHABLE);
        writable.putLong(PciRegisters.BAR_0 + 4 * bar, -length & ~(long) PciRegisters.BAR_FLAGS);
    }

    /** Appends a capability: the bytes after its id and next pointer. Answers where it begins. */
    int addCapability(int id, byte[] body) {
        int offset = end;
        bytes.put(lastCapability, (byte) offset);
        bytes.put(offset, (byte) id);
        bytes.put(offset + PciRegisters.CAP_NEXT + 1, body);
        lastCapability = offset + PciRegisters.CAP_NEXT;
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
        int low = bytes.getInt(PciRegisters.BAR_0 + 4 * bar);
        boolean wide = (low & PciRegisters.BAR_FLAGS) == BAR_64_BIT_PREFETCHABLE;
        long high = wide ? bytes.getInt(PciRegisters.BAR_0 + 4 * bar + 4) : 0;
        return high << Integer.SIZE | Integer.toUnsignedLong(low & ~PciRegisters.BAR_FLAGS);
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

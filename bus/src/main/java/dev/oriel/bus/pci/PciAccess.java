package dev.oriel.bus.pci;

import java.lang.foreign.MemorySegment;

/**
 * The capability by which a driver that cannot reach BARs reaches them through the configuration space (virtio 1.4,
 * section 4.1.4.9): it says bar, offset and length, then reads or writes the data.
 *
 * <pre>
 *   0              4     5         8        12       16       20
 *   | capability   | bar | padding | offset | length | data   |
 * </pre>
 */
final class PciAccess {

    /** An access to a BAR. */
    interface Access {
        void to(int bar, long offset, MemorySegment data);
    }

    private final ConfigurationSpace configuration;
    private final int start;

    /** @param start where the capability is */
    PciAccess(ConfigurationSpace configuration, int start) {
        this.configuration = configuration;
        this.start = start;
    }

    /** Does an access if bytes of the data are among those of the configuration space that are read or written. */
    void ifTouched(int offset, long size, Access access, PciFunction function) {
        if (offset >= start + PciRegisters.ACCESS_SIZE || offset + size <= start + PciRegisters.ACCESS_DATA) {
            return;
        }
        int bar = configuration.getByte(start + PciRegisters.PART_BAR);
        long at = Integer.toUnsignedLong(configuration.getInt(start + PciRegisters.PART_OFFSET));
        int length = configuration.getInt(start + PciRegisters.PART_LENGTH);
        boolean sound = length > 0 && length <= Integer.BYTES && Integer.bitCount(length) == 1 && at % length == 0;
        if (sound && bar < PciFunction.BARS && at + length <= function.barLength(bar)) {
            access.to(bar, at, configuration.slice(start + PciRegisters.ACCESS_DATA, length));
        }
    }
}

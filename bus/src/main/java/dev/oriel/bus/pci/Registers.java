package dev.oriel.bus.pci;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.bus.BasicFacilities;
import dev.oriel.bus.DeviceQueue;
import dev.oriel.bus.DeviceStatus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What is in the BAR of registers, see {@link PciLayout}. Reads may have any length; a write that is not of 1, 2, 4 or
 * 8 bytes, or not aligned to its size, changes nothing. For the control thread.
 */
final class Registers {
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What the status reads as while a reset goes on. */
    private static final int NOT_YET_RESET =
            DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;

    private final BasicFacilities facilities;
    private final CommonConfiguration common;
    private final MessageSignalledInterrupts interrupts;
    private final IsrStatus isr;
    private final DeviceReset reset;

    Registers(
            BasicFacilities facilities,
            CommonConfiguration common,
            MessageSignalledInterrupts interrupts,
            IsrStatus isr,
            DeviceReset reset) {
        this.facilities = facilities;
        this.common = common;
        this.interrupts = interrupts;
        this.isr = isr;
        this.reset = reset;
    }

    void read(int offset, MemorySegment destination) {
        for (int i = 0; i < destination.byteSize(); ) {
            int at = offset + i;
            int part = at & ~PciLayout.PART_MASK;
            int within = at & PciLayout.PART_MASK;
            if (part == PciLayout.ISR && within == 0) {
                destination.set(JAVA_BYTE, i, (byte) isr.take());
                i++;
            } else if (part == PciLayout.DEVICE) {
                long length = Math.min(destination.byteSize() - i, PciLayout.PART_MASK + 1 - within);
                facilities.readConfig(within, destination.asSlice(i, length));
                i += (int) length;
            } else {
                int shift = within % Integer.BYTES;
                int word = word(part, within - shift) >>> (shift * Byte.SIZE);
                for (int left = Integer.BYTES - shift; left > 0 && i < destination.byteSize(); left--) {
                    destination.set(JAVA_BYTE, i++, (byte) word);
                    word >>>= Byte.SIZE;
                }
            }
        }
    }

    private int word(int part, int offset) {
        return switch (part) {
            case PciLayout.COMMON -> {
                if (reset.underWay()) {
                    yield offset == PciRegisters.DEVICE_STATUS ? NOT_YET_RESET : 0;
                }
                yield common.read(offset);
            }
            case PciLayout.MSIX_TABLE -> interrupts.readTable(offset);
            case PciLayout.MSIX_PENDING -> interrupts.readPending(offset);
            default -> 0;
        };
    }

    /** The queue that a write tells of available buffers; or {@link PciFunction#NOTIFIES_NONE}. */
    int notifiedQueue(long offset, long size) {
        long queue = (offset - PciLayout.NOTIFY) / PciLayout.NOTIFY_MULTIPLIER;
        boolean notifies = offset >= PciLayout.NOTIFY
                && offset % PciLayout.NOTIFY_MULTIPLIER == 0
                && queue < facilities.queueCount()
                && (size == Short.BYTES || size == Integer.BYTES);
        return notifies ? (int) queue : PciFunction.NOTIFIES_NONE;
    }

    void write(int offset, MemorySegment source) {
        int size = (int) source.byteSize();
        if (size == 0 || size > Long.BYTES || Integer.bitCount(size) != 1 || offset % size != 0) {
            return;
        }
        int part = offset & ~PciLayout.PART_MASK;
        int within = offset & PciLayout.PART_MASK;
        if (part == PciLayout.NOTIFY) {
            int queue = notifiedQueue(offset, size);
            if (queue != PciFunction.NOTIFIES_NONE) {
                notify(queue);
            }
        } else if (part == PciLayout.COMMON && within == PciRegisters.DEVICE_STATUS && size == 1) {
            status(Byte.toUnsignedInt(source.get(JAVA_BYTE, 0)));
        } else if (size == Long.BYTES) {
            write(part, within, Integer.BYTES, source.get(WORD, 0));
            write(part, within + Integer.BYTES, Integer.BYTES, source.get(WORD, Integer.BYTES));
        } else if (size == Integer.BYTES) {
            write(part, within, size, source.get(WORD, 0));
        } else if (size == Short.BYTES) {
            write(part, within, size, Short.toUnsignedInt(source.get(HALF, 0)));
        }
    }

    private void write(int part, int offset, int size, int value) {
        if (part == PciLayout.COMMON && !reset.underWay()) {
            common.write(offset, size, value);
        } else if (part == PciLayout.MSIX_TABLE && size == Integer.BYTES) {
            interrupts.writeTable(offset, value);
        }
    }

    private void status(int value) {
        if (value == 0) {
            reset.begin(() -> {});
        } else if (!reset.underWay()) {
            facilities.status(value);
        }
    }

    /** Any thread. */
    void notify(int index) {
        DeviceQueue queue = facilities.queue(index);
        if (queue != null) {
            queue.notifyAvailable();
        }
    }
}

package dev.oriel.bus.pci;

import dev.oriel.bus.BusTransport.Location;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a driver learns from the capability list of a virtio function: which part of which BAR is what (virtio 1.4,
 * section 4.1.4), and where the MSI-X table is. Nothing in the list is believed: it may loop, point outside of BARs, or
 * lack what is needed.
 */
final class PciCapabilities {

    private static final int COMMAND_MEMORY_AND_MASTER = PciRegisters.COMMAND_MEMORY | PciRegisters.COMMAND_BUS_MASTER;

    private record Part(long address, long length) {}

    private final String name;
    private final PciBus bus;
    private final int function;
    private final long[] barAddresses = new long[PciRegisters.BARS];
    private final long[] barLengths = new long[PciRegisters.BARS];
    private final Map<Integer, Part> parts = new HashMap<>();
    private final Map<Integer, Part> regions = new HashMap<>();
    private int notifyMultiplier;
    private int msix;
    private long msixTable;
    private int msixVectors;

    private PciCapabilities(String name, PciBus bus, int function) {
        this.name = name;
        this.bus = bus;
        this.function = function;
    }

    /** Sizes the BARs, walks the list, and lets the function decode its addresses. */
    static PciCapabilities read(String name, PciBus bus, int function) throws IOException {
        PciCapabilities found = new PciCapabilities(name, bus, function);
        found.sizeBars();
        if ((found.config(PciRegisters.STATUS, Short.BYTES) & PciRegisters.STATUS_CAPABILITIES) == 0) {
            throw new IOException(name + " has no capabilities; legacy devices are not supported");
        }
        found.walk();
        bus.writeConfig(
                function,
                PciRegisters.COMMAND,
                Short.BYTES,
                found.config(PciRegisters.COMMAND, Short.BYTES) | COMMAND_MEMORY_AND_MASTER);
        return found;
    }

    private int config(int offset, int size) {
        int mask = size == Integer.BYTES ? -1 : (1 << (size * Byte.SIZE)) - 1;
        return bus.readConfig(function, offset, size) & mask;
    }

    /**
     * By writing ones and looking which stay, while nothing is decoded, as an operating system does. Addresses are put
     * back.
     */
    private void sizeBars() {
        int command = config(PciRegisters.COMMAND, Short.BYTES);
        bus.writeConfig(function, PciRegisters.COMMAND, Short.BYTES, command & ~COMMAND_MEMORY_AND_MASTER);
        for (int bar = 0; bar < PciRegisters.BARS; bar++) {
            int register = PciRegisters.BAR_0 + bar * Integer.BYTES;
            int low = config(register, Integer.BYTES);
            boolean memory = (low & PciRegisters.BAR_IO) == 0;
            boolean wide = memory
                    && (low & PciRegisters.BAR_TYPE_MASK) == PciRegisters.BAR_64_BIT
                    && bar + 1 < PciRegisters.BARS;
            int sizeLow = size(register, low);
            long mask = (sizeLow & ~(long) PciRegisters.BAR_FLAGS) | (sizeLow == 0 ? 0 : -1L << Integer.SIZE);
            long address = Integer.toUnsignedLong(low & ~PciRegisters.BAR_FLAGS);
            int index = bar;
            if (wide) {
                int high = config(register + Integer.BYTES, Integer.BYTES);
                int sizeHigh = size(register + Integer.BYTES, high);
                mask = Integer.toUnsignedLong(sizeLow & ~PciRegisters.BAR_FLAGS) | (long) sizeHigh << Integer.SIZE;
                address |= (long) high << Integer.SIZE;
                bar++;
            }
            if (memory && Long.bitCount(-mask) == 1) {
                barAddresses[index] = address;
                barLengths[index] = -mask;
            }
        }
        bus.writeConfig(function, PciRegisters.COMMAND, Short.BYTES, command);
    }

    private int size(int register, int value) {
        bus.writeConfig(function, register, Integer.BYTES, -1);
        int size = config(register, Integer.BYTES);
        bus.writeConfig(function, register, Integer.BYTES, value);
        return size;
    }

    private void walk() throws IOException {
        int at = config(PciRegisters.CAPABILITIES_POINTER, 1) & ~3;
        for (int count = 0;
                at >= PciRegisters.FIRST_CAPABILITY && count < PciRegisters.SPACE_SIZE / Integer.BYTES;
                count++) {
            int id = config(at + PciRegisters.CAP_ID, 1);
            if (id == PciRegisters.CAP_ID_VENDOR_SPECIFIC) {
                readPart(at);
            } else if (id == PciRegisters.CAP_ID_MSIX) {
                readMsix(at);
            }
            at = config(at + PciRegisters.CAP_NEXT, 1) & ~3;
        }
        if (at >= PciRegisters.FIRST_CAPABILITY) {
            throw new IOException(name + " has a capability list that loops");
        }
    }

    /** The first of a kind counts that can be used (section 4.1.4.1). */
    private void readPart(int at) {
        int length = config(at + PciRegisters.PART_CAP_LENGTH, 1);
        if (at + Math.max(length, PciRegisters.PART_SIZE) > PciRegisters.SPACE_SIZE) {
            return;
        }
        int type = config(at + PciRegisters.PART_TYPE, 1);
        int bar = config(at + PciRegisters.PART_BAR, 1);
        int id = config(at + PciRegisters.PART_ID, 1);
        long offset = Integer.toUnsignedLong(config(at + PciRegisters.PART_OFFSET, Integer.BYTES));
        long size = Integer.toUnsignedLong(config(at + PciRegisters.PART_LENGTH, Integer.BYTES));
        if (type == PciRegisters.SHARED_MEMORY_CFG) {
            if (length != PciRegisters.PART_SIZE_64) {
                return;
            }
            offset |= (long) config(at + PciRegisters.PART_OFFSET_HIGH, Integer.BYTES) << Integer.SIZE;
            size |= (long) config(at + PciRegisters.PART_LENGTH_HIGH, Integer.BYTES) << Integer.SIZE;
        }
        if (bar >= PciRegisters.BARS
                || size <= 0
                || offset < 0
                || size > barLengths[bar]
                || offset > barLengths[bar] - size) {
            return;
        }
        Part part = new Part(barAddresses[bar] + offset, size);
        if (type == PciRegisters.SHARED_MEMORY_CFG) {
            regions.putIfAbsent(id, part);
        } else if (type != PciRegisters.NOTIFY_CFG) {
            parts.putIfAbsent(type, part);
        } else if (length >= PciRegisters.NOTIFY_SIZE && parts.putIfAbsent(type, part) == null) {
            notifyMultiplier = config(at + PciRegisters.NOTIFY_MULTIPLIER, Integer.BYTES);
        }
    }

    private void readMsix(int at) {
        int where = config(at + PciRegisters.MSIX_TABLE, Integer.BYTES);
        int bar = where & PciRegisters.MSIX_BAR_MASK;
        long offset = Integer.toUnsignedLong(where & ~PciRegisters.MSIX_BAR_MASK);
        int count = (config(at + PciRegisters.MSIX_CONTROL, Short.BYTES) & PciRegisters.MSIX_SIZE_MASK) + 1;
        if (bar < PciRegisters.BARS
                && msix == 0
                && offset + (long) count * PciRegisters.ENTRY_SIZE <= barLengths[bar]) {
            msix = at;
            msixTable = barAddresses[bar] + offset;
            msixVectors = count;
        }
    }

    /**
     * The address of a part.
     *
     * @param least so many bytes it has to have
     */
    long address(int type, int least) throws IOException {
        Part part = parts.get(type);
        if (part == null || part.length < least) {
            throw new IOException(
                    "%s has no usable capability of type %d (%d bytes at least)".formatted(name, type, least));
        }
        return part.address;
    }

    /** The length of a part that there is. */
    long length(int type) {
        Part part = parts.get(type);
        return part == null ? 0 : part.length;
    }

    long notifyMultiplier() {
        return Integer.toUnsignedLong(notifyMultiplier);
    }

    Optional<Location> sharedMemory(int id) {
        Part region = regions.get(id);
        return region == null ? Optional.empty() : Optional.of(new Location(region.address, region.length));
    }

    /** How many MSI-X vectors there are; 0 if none. */
    int msixVectors() {
        return msixVectors;
    }

    long msixTable() {
        return msixTable;
    }

    void enableMsix() {
        int control = config(msix + PciRegisters.MSIX_CONTROL, Short.BYTES);
        bus.writeConfig(
                function,
                msix + PciRegisters.MSIX_CONTROL,
                Short.BYTES,
                (control | PciRegisters.MSIX_ENABLE) & ~PciRegisters.MSIX_MASK_ALL);
    }
}

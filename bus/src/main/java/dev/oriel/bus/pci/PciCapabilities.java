package dev.oriel.bus.pci;

import dev.oriel.bus.BusTransport.Location;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a driver learns from the capability list of a virtio function: which part of which BAR is what (virtio 1.4, section 4.1.4), and where
 * the MSI-X table is. Nothing in the list is believed: it may loop, point outside of BARs, or lack what is needed.
 */
final class PciCapabilities {
    static final int COMMON = 1;
    static final int NOTIFY = 2;
    static final int ISR = 3;
    static final int DEVICE = 4;
    static final int SHARED_MEMORY = 8;

    private static final int COMMAND = 0x04;
    private static final int COMMAND_MEMORY_AND_MASTER = 0x6;
    private static final int STATUS = 0x06;
    private static final int STATUS_CAPABILITIES = 0x10;
    private static final int FIRST_BAR = 0x10;
    private static final int BARS = 6;
    private static final int FIRST_CAPABILITY = 0x34;
    private static final int SPACE = 256;
    private static final int HEADER = 0x40;

    private static final int CAPABILITY_VENDOR = 0x09;
    private static final int CAPABILITY_MSIX = 0x11;
    private static final int MSIX_ENABLE = 0x8000;
    private static final int MSIX_MASK_ALL = 0x4000;
    private static final int MSIX_ENTRY = 16;

    private static final int SHARED_MEMORY_LENGTH = 24;
    private static final int NOTIFY_LENGTH = 20;
    private static final int LENGTH_MIN = 16;

    private record Part(long address, long length) {}

    private final String name;
    private final PciBus bus;
    private final int function;
    private final long[] barAddresses = new long[BARS];
    private final long[] barLengths = new long[BARS];
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
        if ((found.config(STATUS, Short.BYTES) & STATUS_CAPABILITIES) == 0) {
            throw new IOException(name + " has no capabilities; legacy devices are not supported");
        }
        found.walk();
        bus.writeConfig(function, COMMAND, Short.BYTES, found.config(COMMAND, Short.BYTES) | COMMAND_MEMORY_AND_MASTER);
        return found;
    }

    private int config(int offset, int size) {
        int mask = size == Integer.BYTES ? -1 : (1 << (size * Byte.SIZE)) - 1;
        return bus.readConfig(function, offset, size) & mask;
    }

    /** By writing ones and looking which stay, while nothing is decoded, as an operating system does. Addresses are put back. */
    private void sizeBars() {
        int command = config(COMMAND, Short.BYTES);
        bus.writeConfig(function, COMMAND, Short.BYTES, command & ~COMMAND_MEMORY_AND_MASTER);
        for (int bar = 0; bar < BARS; bar++) {
            int register = FIRST_BAR + bar * Integer.BYTES;
            int low = config(register, Integer.BYTES);
            boolean memory = (low & 1) == 0;
            boolean wide = memory && (low & 0x6) == 0x4 && bar + 1 < BARS;
            int sizeLow = size(register, low);
            long mask = (sizeLow & ~0xfL) | (sizeLow == 0 ? 0 : -1L << Integer.SIZE);
            long address = Integer.toUnsignedLong(low & ~0xf);
            int index = bar;
            if (wide) {
                int high = config(register + Integer.BYTES, Integer.BYTES);
                int sizeHigh = size(register + Integer.BYTES, high);
                mask = Integer.toUnsignedLong(sizeLow & ~0xf) | (long) sizeHigh << Integer.SIZE;
                address |= (long) high << Integer.SIZE;
                bar++;
            }
            if (memory && Long.bitCount(-mask) == 1) {
                barAddresses[index] = address;
                barLengths[index] = -mask;
            }
        }
        bus.writeConfig(function, COMMAND, Short.BYTES, command);
    }

    private int size(int register, int value) {
        bus.writeConfig(function, register, Integer.BYTES, -1);
        int size = config(register, Integer.BYTES);
        bus.writeConfig(function, register, Integer.BYTES, value);
        return size;
    }

    private void walk() throws IOException {
        int at = config(FIRST_CAPABILITY, 1) & ~3;
        for (int count = 0; at >= HEADER && count < SPACE / Integer.BYTES; count++) {
            int id = config(at, 1);
            if (id == CAPABILITY_VENDOR) {
                readPart(at);
            } else if (id == CAPABILITY_MSIX) {
                readMsix(at);
            }
            at = config(at + 1, 1) & ~3;
        }
        if (at >= HEADER) {
            throw new IOException(name + " has a capability list that loops");
        }
    }

    /** The first of a kind counts that can be used (section 4.1.4.1). */
    private void readPart(int at) {
        int length = config(at + 2, 1);
        if (at + Math.max(length, LENGTH_MIN) > SPACE) {
            return;
        }
        int type = config(at + 3, 1);
        int bar = config(at + 4, 1);
        int id = config(at + 5, 1);
        long offset = Integer.toUnsignedLong(config(at + 8, Integer.BYTES));
        long size = Integer.toUnsignedLong(config(at + 12, Integer.BYTES));
        if (type == SHARED_MEMORY) {
            if (length != SHARED_MEMORY_LENGTH) {
                return;
            }
            offset |= (long) config(at + 16, Integer.BYTES) << Integer.SIZE;
            size |= (long) config(at + 20, Integer.BYTES) << Integer.SIZE;
        }
        if (bar >= BARS || size <= 0 || offset < 0 || size > barLengths[bar] || offset > barLengths[bar] - size) {
            return;
        }
        Part part = new Part(barAddresses[bar] + offset, size);
        if (type == SHARED_MEMORY) {
            regions.putIfAbsent(id, part);
        } else if (type != NOTIFY) {
            parts.putIfAbsent(type, part);
        } else if (length >= NOTIFY_LENGTH && parts.putIfAbsent(type, part) == null) {
            notifyMultiplier = config(at + 16, Integer.BYTES);
        }
    }

    private void readMsix(int at) {
        int where = config(at + 4, Integer.BYTES);
        int bar = where & 7;
        long offset = Integer.toUnsignedLong(where & ~7);
        int count = (config(at + 2, Short.BYTES) & 0x7ff) + 1;
        if (bar < BARS && msix == 0 && offset + (long) count * MSIX_ENTRY <= barLengths[bar]) {
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
        int control = config(msix + 2, Short.BYTES);
        bus.writeConfig(function, msix + 2, Short.BYTES, (control | MSIX_ENABLE) & ~MSIX_MASK_ALL);
    }
}

package dev.oriel.bustests;

import dev.oriel.bus.BusTransport;
import dev.oriel.bus.pci.PciBus;
import dev.oriel.bus.pci.PciRegisters;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.EventDescriptor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * One function on the PCI bus of QEMU's machine, with its BARs placed as firmware does it. Interrupts do not get out of
 * a machine without a processor: every vector is signalled all the time, which a driver bears.
 */
final class QemuPciBus implements PciBus, AutoCloseable {
    /** The slot that the function must be put into. */
    static final int SLOT = 4;

    private static final int ADDRESS_PORT = 0xcf8;
    private static final int DATA_PORT = 0xcfc;
    private static final long BARS_BEGIN = 0xc000_0000L;
    private static final long TICK_NANOS = 1_000_000;

    private final QemuDevices devices;
    private final Map<Integer, Descriptor> vectors = new ConcurrentHashMap<>();
    private final Thread ticking = Thread.ofPlatform().daemon().unstarted(this::tick);
    private volatile boolean closed;

    QemuPciBus(QemuDevices devices) {
        this.devices = devices;
        long next = BARS_BEGIN;
        for (int bar = 0; bar < PciRegisters.BARS; bar++) {
            int register = PciRegisters.BAR_0 + 4 * bar;
            boolean wide = (readConfig(0, register, 4) & PciRegisters.BAR_64_BIT) != 0;
            writeConfig(0, register, 4, -1);
            long length = Integer.toUnsignedLong(-(readConfig(0, register, 4) & ~PciRegisters.BAR_FLAGS));
            if (length != 0) {
                next = (next + length - 1) / length * length;
                writeConfig(0, register, 4, (int) next);
                next += length;
            }
            if (wide) {
                bar++;
                writeConfig(0, PciRegisters.BAR_0 + 4 * bar, 4, 0);
            }
        }
        ticking.start();
    }

    private void tick() {
        while (!closed) {
            vectors.values().forEach(eventfd -> {
                int _ = EventDescriptor.signal(eventfd.number());
            });
            LockSupport.parkNanos(TICK_NANOS);
        }
    }

    /** Where the function says that its shared memory region 0 is; it has one. */
    BusTransport.Location sharedMemory() {
        int at = readConfig(0, PciRegisters.CAPABILITIES_POINTER, 1);
        while (readConfig(0, at + PciRegisters.CAP_ID, 1) != PciRegisters.CAP_ID_VENDOR_SPECIFIC
                || readConfig(0, at + PciRegisters.PART_TYPE, 1) != PciRegisters.SHARED_MEMORY_CFG) {
            at = readConfig(0, at + PciRegisters.CAP_NEXT, 1);
            if (at == 0) {
                throw new AssertionError("there is no shared memory region");
            }
        }
        int bar = PciRegisters.BAR_0 + 4 * readConfig(0, at + PciRegisters.PART_BAR, 1);
        long address = Integer.toUnsignedLong(readConfig(0, bar, 4) & ~PciRegisters.BAR_FLAGS);
        long offset = Integer.toUnsignedLong(readConfig(0, at + PciRegisters.PART_OFFSET, 4));
        long length = Integer.toUnsignedLong(readConfig(0, at + PciRegisters.PART_LENGTH, 4));
        return new BusTransport.Location(address + offset, length);
    }

    @Override
    public int functions() {
        return 1;
    }

    private synchronized int port(int offset) {
        devices.out(ADDRESS_PORT, 4, 0x8000_0000 | SLOT << 11 | (offset & ~3));
        return DATA_PORT + (offset & 3);
    }

    @Override
    public synchronized int readConfig(int function, int offset, int size) {
        return devices.in(port(offset), size);
    }

    @Override
    public synchronized void writeConfig(int function, int offset, int size, int value) {
        devices.out(port(offset), size, value);
    }

    @Override
    public int read(long address, int size) {
        return devices.read(address, size);
    }

    @Override
    public void write(long address, int size, int value) {
        devices.write(address, size, value);
    }

    @Override
    public boolean memoryIsRam() {
        return false;
    }

    @Override
    public void attach(int function, int vector, Descriptor eventfd) {
        Descriptor before = vectors.put(vector, eventfd);
        if (before != null) {
            before.close();
        }
    }

    @Override
    public void detach(int function, int vector) {
        Descriptor before = vectors.remove(vector);
        if (before != null) {
            before.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            ticking.join();
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
    }
}
